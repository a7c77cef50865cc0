import ai.libmo.Model;
import ai.libmo.Port;
import ai.libmo.Session;
import ai.libmo.SessionOptions;
import ai.libmo.Tensor;
import ai.libmo.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Scores many rows with a thread pool: one session for all threads, and per thread buffers that are used again, so that a run neither
 * copies nor allocates.
 *
 * <p>usage: java -cp libmo-all.jar BatchScore.java MODEL.onnx [ROWS]
 */
public class BatchScore {
  /** What one thread keeps: memory for a row and its scores, and tensors that lie on it. */
  static class Worker {
    final FloatBuffer row;
    final FloatBuffer scores;
    final Tensors inputs;
    final Tensors outputs;

    Worker(Port input, long[] inputShape, Port output, long[] outputShape) {
      row = memory(inputShape);
      scores = memory(outputShape);
      try (Tensor in = Tensor.view(row, inputShape); Tensor out = Tensor.view(scores, outputShape)) {
        inputs = Tensors.of(input.name(), in);
        outputs = Tensors.of(output.name(), out);
      }
    }

    static FloatBuffer memory(long[] shape) {
      return ByteBuffer.allocateDirect(4 * count(shape)).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }
  }

  static int count(long[] shape) {
    return (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  static long[] oneRow(Port port) {
    long[] shape = port.shape();
    shape[0] = 1;
    return shape;
  }

  public static void main(String[] arguments) throws Exception {
    int rows = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1000;
    int threads = Runtime.getRuntime().availableProcessors();
    try (Model model = Model.load(arguments[0]);
        Session session = model.session(SessionOptions.builder().threads(1).build())) { // the pool is what runs in parallel
      Port input = model.inputs().get(0);
      Port output = model.outputs().get(0);
      ThreadLocal<Worker> workers = ThreadLocal.withInitial(() -> new Worker(input, oneRow(input), output, oneRow(output)));
      ExecutorService pool = Executors.newFixedThreadPool(threads);
      int[] votes = new int[count(oneRow(output))];
      long start = System.nanoTime();
      List<Future<Integer>> best = new ArrayList<>();
      for (int i = 0; i < rows; i++) {
        int seed = i;
        best.add(pool.submit(() -> {
          Worker worker = workers.get();
          Random random = new Random(seed);
          for (int k = 0; k < worker.row.capacity(); k++) {
            worker.row.put(k, random.nextFloat() * 2 - 1);
          }
          session.runInto(worker.inputs, worker.outputs);
          int top = 0;
          for (int k = 1; k < worker.scores.capacity(); k++) {
            top = worker.scores.get(k) > worker.scores.get(top) ? k : top;
          }
          return top;
        }));
      }
      for (Future<Integer> top : best) {
        votes[top.get()]++;
      }
      System.out.printf("%d rows, %d threads, %.0f rows per second%n", rows, threads, rows / ((System.nanoTime() - start) / 1e9));
      System.out.println("classes " + Arrays.toString(votes));
      pool.shutdown();
    }
  }
}
