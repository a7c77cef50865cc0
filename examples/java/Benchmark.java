import ai.libmo.BenchmarkOptions;
import ai.libmo.Control;
import ai.libmo.Libmo;
import ai.libmo.Model;
import ai.libmo.Report;
import ai.libmo.Task;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Measures a model on this machine: latency, throughput, memory. Runs on another thread and can be stopped.
 *
 * <p>usage: java -cp libmo-all.jar Benchmark.java MODEL.onnx [SECONDS]
 */
public class Benchmark {
  public static void main(String[] arguments) throws Exception {
    double seconds = arguments.length > 1 ? Double.parseDouble(arguments[1]) : 3;
    BenchmarkOptions options = BenchmarkOptions.builder().threads(1).seconds(seconds).build();
    System.out.println("libmo " + Libmo.version());
    try (Model model = Model.load(arguments[0])) {
      Task<Report> task = model.benchmarkAsync(null, options, null, null); // task.cancel(true) stops the native work
      Report report = task.get(10, TimeUnit.MINUTES);
      System.out.println(report);
      System.out.println(report.json());

      try (Control control = new Control()) { // the same on this thread, with a deadline
        control.setDeadline(Duration.ofMinutes(1));
        model.benchmark(null, BenchmarkOptions.builder().runs(10).build(), control);
      }
    }
  }
}
