import ai.libmo.Model;
import ai.libmo.Session;
import ai.libmo.SessionOptions;
import ai.libmo.Tensor;
import ai.libmo.Tensors;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the Java face costs and whether it leaks. usage: java -cp libmo.jar Overhead.java MODELS [run|create|leak|threads|stress]...
 * run: processor time and allocation of a one-element run. create: a million objects made and closed. leak: sessions and tensors forgotten.
 * threads: 16 threads on one session. stress: runs while the collector is busy.
 */
public final class Overhead {
  private static String models;

  private static long rssKb() throws Exception {
    for (String line : Files.readAllLines(Paths.get("/proc/self/status"))) {
      if (line.startsWith("VmRSS")) {
        return Long.parseLong(line.replaceAll("\\D+", ""));
      }
    }
    return 0;
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(floats * 4).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private static Model add() {
    return Model.load(models + "/add.onnx");
  }

  private static SessionOptions single() {
    return SessionOptions.builder().threads(1).build();
  }

  private static void run() {
    FloatBuffer x = direct(1);
    FloatBuffer y = direct(1);
    x.put(0, 1);
    com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Model model = add(); Session session = model.session(single()); Tensor in = Tensor.view(x, 1); Tensor out = Tensor.view(y, 1);
        Tensors inputs = Tensors.of("x", in); Tensors outputs = Tensors.of("y", out)) {
      double best = Double.MAX_VALUE;
      long allocated = 0;
      for (int round = 0; round < 15; round++) {
        long bytes = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        long start = threads.getCurrentThreadCpuTime();
        for (int i = 0; i < 200_000; i++) {
          session.runInto(inputs, outputs);
        }
        best = Math.min(best, (threads.getCurrentThreadCpuTime() - start) / 200_000.0);
        allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - bytes;
      }
      System.out.printf("run_into %.0f ns, %.4f bytes of heap per run (result %s)%n", best, allocated / 200_000.0, y.get(0));
    }
  }

  private static void create() throws Exception {
    try (Model model = add()) {
      long before = 0;
      for (int i = 0; i <= 1_000_000; i++) {
        Tensor.of(new float[] {i}, 1).close();
        if (i % 100 == 0) {
          model.session().close();
        }
        if (i == 100_000) {
          before = rssKb();
        }
      }
      System.out.printf("10^6 tensors and 10^4 sessions made and closed: resident %d kB after a tenth, %d kB at the end%n", before, rssKb());
    }
  }

  private static void leak() throws Exception {
    try (Model model = add()) {
      long[] rss = new long[4];
      for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 10_000; i++) {
          Tensor.of(new float[16384], 16384);
          model.session();
        }
        for (int i = 0; i < 20; i++) {
          System.gc();
          Thread.sleep(20);
        }
        rss[round] = rssKb();
      }
      System.out.println("10,000 tensors of 64 kB and 10,000 sessions forgotten, four times: resident kB " + Arrays.toString(rss));
    }
  }

  private static void threads(int runs) throws Exception {
    try (Model model = Model.load(models + "/classifier.onnx"); Session session = model.session(single())) {
      float[] data = new float[192];
      for (int i = 0; i < data.length; i++) {
        data[i] = i / 192f;
      }
      AtomicLong equal = new AtomicLong();
      try (Tensor image = Tensor.of(data, 1, 3, 8, 8); Tensors inputs = Tensors.of("image", image); Tensors first = session.run(inputs);
          Tensor wanted = first.get("scores")) {
        byte[] bytes = wanted.bytes();
        List<Thread> all = new ArrayList<>();
        long start = System.nanoTime();
        for (int t = 0; t < 16; t++) {
          Thread thread = new Thread(() -> {
            try (Tensor y = Tensor.zeros(ai.libmo.DataType.FLOAT32, 1, 10); Tensors outputs = Tensors.of("scores", y)) {
              byte[] got = new byte[bytes.length];
              for (int i = 0; i < runs; i++) {
                session.runInto(inputs, outputs);
                y.read(got);
                if (Arrays.equals(bytes, got)) {
                  equal.incrementAndGet();
                }
              }
            }
          });
          thread.start();
          all.add(thread);
        }
        for (Thread thread : all) {
          thread.join();
        }
        System.out.printf("16 threads x %d runs: %d equal results of %d, %.1f s%n", runs, equal.get(), 16L * runs, (System.nanoTime() - start) / 1e9);
      }
    }
  }

  private static void stress() throws Exception {
    Thread collector = new Thread(() -> {
      while (!Thread.interrupted()) {
        System.gc();
      }
    });
    collector.start();
    threads(500);
    collector.interrupt();
    collector.join();
  }

  /** Runs what the arguments name. */
  public static void main(String[] arguments) throws Exception {
    models = arguments[0];
    for (String what : Arrays.asList(arguments).subList(1, arguments.length)) {
      switch (what) {
        case "run": run(); break;
        case "create": create(); break;
        case "leak": leak(); break;
        case "threads": threads(100_000); break;
        case "stress": stress(); break;
        default: throw new IllegalArgumentException(what);
      }
    }
  }
}
