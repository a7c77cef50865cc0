import ai.libmo.Model;
import ai.libmo.Session;
import ai.libmo.SessionOptions;
import ai.libmo.Tensor;
import ai.libmo.Tensors;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Locale;

/** The cost of a session run on one element through the Java face; overhead.py says what it answers. usage: java -cp libmo-all.jar Overhead.java ADD_MODEL */
public final class Overhead {
  private static final int BATCHES = 50;
  private static final int RUNS = 1000;

  private static FloatBuffer direct() {
    return ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private static void batch(Session session, Tensors inputs, Tensors outputs) {
    for (int i = 0; i < RUNS; i++) {
      session.runInto(inputs, outputs);
    }
  }

  /** Answers each line of standard input. */
  public static void main(String[] arguments) throws Exception {
    com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long me = Thread.currentThread().getId();
    double[] times = new double[BATCHES];
    try (Model model = Model.load(arguments[0]); Session session = model.session(SessionOptions.builder().threads(1).build());
        Tensor in = Tensor.view(direct(), 1); Tensor out = Tensor.view(direct(), 1);
        Tensors inputs = Tensors.of("x", in); Tensors outputs = Tensors.of("y", out)) {
      for (int c = System.in.read(); c >= 0; c = System.in.read()) {
        if (c != '\n') {
          continue;
        }
        long before = threads.getThreadAllocatedBytes(me);
        for (int i = 0; i < BATCHES; i++) {
          long begin = System.nanoTime();
          batch(session, inputs, outputs);
          times[i] = (System.nanoTime() - begin) / (double) RUNS;
        }
        double bytes = (threads.getThreadAllocatedBytes(me) - before) / (double) (BATCHES * RUNS);
        Arrays.sort(times);
        System.out.printf(Locale.ROOT, "%.1f %.4f bytes%n", times[BATCHES / 2], bytes);
        System.out.flush();
      }
    }
  }
}
