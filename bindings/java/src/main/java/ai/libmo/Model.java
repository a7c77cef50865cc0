package ai.libmo;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;

/** An ONNX model. It never changes, so threads may share it. */
public final class Model extends NativeObject {
  Model(long address) {
    this(address, Native::mo_model_free);
  }

  private Model(long address, LongConsumer free) {
    super("model", address, free);
  }

  /** A model that belongs to the library. */
  static Model lent(long address) {
    return new Model(address, ignored -> { });
  }

  /**
   * Reads an .onnx file; external data is looked for beside it, and only there.
   *
   * @param path the file
   * @return a new model
   */
  public static Model load(Path path) {
    return load(path.toString(), null);
  }

  /**
   * Reads an .onnx file; external data is looked for beside it, and only there.
   *
   * @param path the file, any Unicode whatever the JVM's file encoding
   * @return a new model
   */
  public static Model load(String path) {
    return load(path, null);
  }

  /**
   * Reads an .onnx file; external data is looked for beside it, and only there.
   *
   * @param path the file, any Unicode whatever the JVM's file encoding
   * @param options null for the defaults
   * @return a new model
   */
  public static Model load(String path, LoadOptions options) {
    long settings = Options.open(options);
    try {
      long[] out = new long[1];
      Native.mo_model_load(path, settings, out);
      return new Model(out[0]);
    } finally {
      Native.mo_options_free(settings);
    }
  }

  /**
   * Reads a model from memory. External data is refused.
   *
   * @param bytes an .onnx file's content
   * @return a new model
   */
  public static Model load(byte[] bytes) {
    return load(bytes, null, null);
  }

  /**
   * Reads a model from memory.
   *
   * @param bytes an .onnx file's content
   * @param folder holds the external data; null: external data is refused
   * @param options null for the defaults
   * @return a new model
   */
  public static Model load(byte[] bytes, String folder, LoadOptions options) {
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length);
    direct.put(bytes).flip();
    return load(direct, folder, options);
  }

  /**
   * Reads a model from memory.
   *
   * @param bytes an .onnx file's content, direct (a mapped file, for example), between position and limit
   * @param folder holds the external data; null: external data is refused
   * @param options null for the defaults
   * @return a new model; it does not refer to the buffer
   */
  public static Model load(ByteBuffer bytes, String folder, LoadOptions options) {
    if (!bytes.isDirect()) {
      byte[] copy = new byte[bytes.remaining()];
      bytes.duplicate().get(copy);
      return load(copy, folder, options);
    }
    long settings = Options.open(options);
    try {
      long[] out = new long[1];
      Native.mo_model_load_bytes(Memory.view(bytes), bytes.remaining(), folder, settings, out);
      return new Model(out[0]);
    } finally {
      Native.mo_options_free(settings);
    }
  }

  /**
   * Writes an .onnx file, and its external data beside it when the model needs that.
   *
   * @param path the file; it is whole afterwards, or as it was before
   */
  public void save(Path path) {
    save(path.toString(), null);
  }

  /**
   * Writes an .onnx file, and its external data beside it when the model needs that.
   *
   * @param path the file; it is whole afterwards, or as it was before
   */
  public void save(String path) {
    save(path, null);
  }

  /**
   * Writes an .onnx file, and its external data beside it when the model needs that.
   *
   * @param path the file; it is whole afterwards, or as it was before
   * @param options null for the defaults
   */
  public void save(String path, SaveOptions options) {
    long address = handle.acquire();
    try {
      long settings = Options.open(options);
      try {
        Native.mo_model_save(address, path, settings);
      } finally {
        Native.mo_options_free(settings);
      }
    } finally {
      handle.release();
    }
  }

  /**
   * The content of an .onnx file of the model.
   *
   * @return the bytes, at most 2 GiB
   */
  public byte[] toBytes() {
    return toBytes(null);
  }

  /**
   * The content of an .onnx file of the model.
   *
   * @param options null for the defaults
   * @return the bytes, at most 2 GiB
   */
  public byte[] toBytes(SaveOptions options) {
    long address = handle.acquire();
    try {
      long settings = Options.open(options);
      try {
        long[] out = new long[1];
        Native.mo_model_save_bytes(address, settings, out);
        return takeBytes(out);
      } finally {
        Native.mo_options_free(settings);
      }
    } finally {
      handle.release();
    }
  }

  /**
   * What is in it: inputs, outputs, operators, parameters, sizes, multiplications.
   *
   * @return a JSON object, see {@code mo_model_describe_json} in mo.h
   */
  public String describe() {
    long address = handle.acquire();
    try {
      long[] out = new long[1];
      Native.mo_model_describe_json(address, out);
      return takeText(out);
    } finally {
      handle.release();
    }
  }

  /**
   * Identifies the content: equal models have equal digests, whatever file they came from.
   *
   * @return "sha256:" and 64 hexadecimal digits
   */
  public String digest() {
    long address = handle.acquire();
    try {
      long[] out = new long[1];
      Native.mo_model_digest(address, out);
      return takeText(out);
    } finally {
      handle.release();
    }
  }

  /**
   * A value of the model's metadata.
   *
   * @param key its key
   * @return the value
   * @throws MoException with {@link ErrorCode#NOT_FOUND} when there is none
   */
  public String metadata(String key) {
    long address = handle.acquire();
    try {
      long[] out = new long[1];
      Native.mo_model_metadata_get(address, key, out);
      return takeText(out);
    } finally {
      handle.release();
    }
  }

  /**
   * A model that differs in one metadata entry and shares the weights.
   *
   * @param key the entry's key
   * @param value its value; null removes it
   * @return a new model
   */
  public Model withMetadata(String key, String value) {
    long address = handle.acquire();
    try {
      long[] out = new long[1];
      Native.mo_model_metadata_set(address, key, value, out);
      return new Model(out[0]);
    } finally {
      handle.release();
    }
  }

  /**
   * What the model takes, in its own order.
   *
   * @return a list that does not change
   */
  public List<Port> inputs() {
    long address = handle.acquire();
    try {
      List<Port> ports = new ArrayList<>();
      for (long i = 0; i < Native.mo_model_input_count(address); i++) {
        ports.add(new Port(Native.mo_model_input(address, i)));
      }
      return Collections.unmodifiableList(ports);
    } finally {
      handle.release();
    }
  }

  /**
   * What the model gives, in its own order.
   *
   * @return a list that does not change
   */
  public List<Port> outputs() {
    long address = handle.acquire();
    try {
      List<Port> ports = new ArrayList<>();
      for (long i = 0; i < Native.mo_model_output_count(address); i++) {
        ports.add(new Port(Native.mo_model_output(address, i)));
      }
      return Collections.unmodifiableList(ports);
    } finally {
      handle.release();
    }
  }

  /**
   * Makes the model ready to run.
   *
   * @return a new session, which may outlive the model
   */
  public Session session() {
    return session(null);
  }

  /**
   * Makes the model ready to run.
   *
   * @param options null for the defaults
   * @return a new session, which may outlive the model
   */
  public Session session(SessionOptions options) {
    long address = handle.acquire();
    try {
      long settings = Options.open(options);
      try {
        long[] out = new long[1];
        Native.mo_session_create(address, settings, out);
        return new Session(out[0]);
      } finally {
        Native.mo_options_free(settings);
      }
    } finally {
      handle.release();
    }
  }

  /**
   * Empty statistics of the model's activations, to be fed.
   *
   * @return a new calibration, which may outlive the model
   */
  public Calibration calibration() {
    return calibration(null);
  }

  /**
   * Empty statistics of the model's activations, to be fed.
   *
   * @param options null for the defaults
   * @return a new calibration, which may outlive the model
   */
  public Calibration calibration(CalibrationOptions options) {
    long address = handle.acquire();
    try {
      long settings = Options.open(options);
      try {
        long[] out = new long[1];
        Native.mo_calibration_create(address, settings, out);
        return new Calibration(out[0]);
      } finally {
        Native.mo_options_free(settings);
      }
    } finally {
      handle.release();
    }
  }

  /**
   * A model in lower precision, as standard ONNX.
   *
   * @param calibration statistics with at least one batch; null for what needs none
   * @param options null for the defaults
   * @return the model and the report
   */
  public Quantized quantize(Calibration calibration, QuantizeOptions options) {
    return quantize(calibration, options, null);
  }

  /**
   * A model in lower precision, as standard ONNX.
   *
   * @param calibration statistics with at least one batch; null for what needs none
   * @param options null for the defaults
   * @param control progress, cancellation and deadline; null for none
   * @return the model and the report
   */
  public Quantized quantize(Calibration calibration, QuantizeOptions options, Control control) {
    return Call.with(control, options, this, calibration, null, (model, statistics, ignored, settings, watch) -> {
      long[] out = new long[1];
      long[] report = new long[1];
      Native.mo_quantize(model, statistics, settings, watch, out, report);
      return new Quantized(new Model(out[0]), new Report(report));
    });
  }

  /**
   * {@link #quantize(Calibration, QuantizeOptions) quantize} on another thread.
   *
   * @param calibration statistics with at least one batch; null for what needs none
   * @param options null for the defaults
   * @param progress hears how far the work is; null for nobody
   * @param executor runs it; null for a thread of libmo
   * @return the result to come; cancelling it stops the work
   */
  public Task<Quantized> quantizeAsync(Calibration calibration, QuantizeOptions options, ProgressListener progress, Executor executor) {
    return Task.start(progress, executor, control -> quantize(calibration, options, control));
  }

  /**
   * Quantizes with a choice of precision for each node that keeps limits on a metric, on size and on latency.
   *
   * @param calibration statistics with at least one batch
   * @param dataset what the metric of the options is measured on; null when no metric is limited or {@code metric} is given
   * @param metric judges candidates; null: the metric that the options name
   * @param quantize how nodes are quantized; null for the defaults
   * @param goal the limits; null for the defaults
   * @param control progress, cancellation and deadline; null for none
   * @return the model, and the report, which says whether the limits were kept
   */
  public Quantized quantizeToGoal(
      Calibration calibration, Dataset dataset, Metric metric, QuantizeOptions quantize, GoalOptions goal, Control control) {
    return search(metric, judge -> Call.with(control, goal, this, calibration, dataset, (model, statistics, data, limits, watch) -> {
      long settings = Options.open(quantize);
      try {
        long[] out = new long[1];
        long[] report = new long[1];
        Native.mo_quantize_to_goal(model, statistics, data, judge, settings, limits, watch, out, report);
        return new Quantized(new Model(out[0]), new Report(report));
      } finally {
        Native.mo_options_free(settings);
      }
    }));
  }

  /**
   * {@link #quantizeToGoal quantizeToGoal} on another thread.
   *
   * @param calibration statistics with at least one batch
   * @param dataset what the metric of the options is measured on; null when no metric is limited or {@code metric} is given
   * @param metric judges candidates; null: the metric that the options name
   * @param quantize how nodes are quantized; null for the defaults
   * @param goal the limits; null for the defaults
   * @param progress hears how far the work is; null for nobody
   * @param executor runs it; null for a thread of libmo
   * @return the result to come; cancelling it stops the work
   */
  public Task<Quantized> quantizeToGoalAsync(Calibration calibration, Dataset dataset, Metric metric, QuantizeOptions quantize, GoalOptions goal,
      ProgressListener progress, Executor executor) {
    return Task.start(progress, executor, control -> quantizeToGoal(calibration, dataset, metric, quantize, goal, control));
  }

  /**
   * What quantizing each node (or block) alone does to the outputs.
   *
   * @param calibration statistics with at least one batch
   * @param dataset what the metric of the options is measured on; null when no metric is limited or {@code metric} is given
   * @param metric judges candidates; null: the metric that the options name
   * @param quantize how nodes are quantized; null for the defaults
   * @param options what is measured; null for the defaults
   * @param control progress, cancellation and deadline; null for none
   * @return the report, the most harmful first
   */
  public Report sensitivity(
      Calibration calibration, Dataset dataset, Metric metric, QuantizeOptions quantize, SensitivityOptions options, Control control) {
    return search(metric, judge -> Call.with(control, options, this, calibration, dataset, (model, statistics, data, settings, watch) -> {
      long how = Options.open(quantize);
      try {
        long[] report = new long[1];
        Native.mo_sensitivity(model, statistics, data, judge, how, settings, watch, report);
        return new Report(report);
      } finally {
        Native.mo_options_free(how);
      }
    }));
  }

  /** Runs a search that may call {@code metric}, by the address of its listener. */
  private static <T> T search(Metric metric, LongFunction<T> work) {
    if (metric == null) {
      return work.apply(0);
    }
    Listener judge = new Listener(null, null, metric);
    long address = judge.register();
    try {
      return Control.watch(judge, () -> work.apply(address));
    } finally {
      Native.mo_java_listener_free(address);
    }
  }

  /**
   * Latency, throughput, memory and load time of the model on this machine.
   *
   * @param inputs what to run on; null for seeded random values
   * @param options null for the defaults
   * @return the report
   */
  public Report benchmark(Tensors inputs, BenchmarkOptions options) {
    return benchmark(inputs, options, null);
  }

  /**
   * Latency, throughput, memory and load time of the model on this machine.
   *
   * @param inputs what to run on; null for seeded random values
   * @param options null for the defaults
   * @param control progress, cancellation and deadline; null for none
   * @return the report
   */
  public Report benchmark(Tensors inputs, BenchmarkOptions options, Control control) {
    return Call.with(control, options, this, inputs, null, (model, tensors, ignored, settings, watch) -> {
      long[] report = new long[1];
      Native.mo_benchmark(model, tensors, settings, watch, report);
      return new Report(report);
    });
  }

  /**
   * {@link #benchmark(Tensors, BenchmarkOptions) benchmark} on another thread.
   *
   * @param inputs what to run on; null for seeded random values
   * @param options null for the defaults
   * @param progress hears how far the work is; null for nobody
   * @param executor runs it; null for a thread of libmo
   * @return the result to come; cancelling it stops the work
   */
  public Task<Report> benchmarkAsync(Tensors inputs, BenchmarkOptions options, ProgressListener progress, Executor executor) {
    return Task.start(progress, executor, control -> benchmark(inputs, options, control));
  }

  /**
   * A metric of the model over a data set, which is rewound first.
   *
   * @param dataset samples and their labels
   * @param options null for the defaults
   * @return the report
   */
  public Report evaluate(Dataset dataset, EvaluateOptions options) {
    return evaluate(dataset, options, null);
  }

  /**
   * A metric of the model over a data set, which is rewound first.
   *
   * @param dataset samples and their labels
   * @param options null for the defaults
   * @param control progress, cancellation and deadline; null for none
   * @return the report
   */
  public Report evaluate(Dataset dataset, EvaluateOptions options, Control control) {
    return Call.with(control, options, this, dataset, null, (model, data, ignored, settings, watch) -> {
      long[] report = new long[1];
      Native.mo_evaluate(model, data, settings, watch, report);
      return new Report(report);
    });
  }

  /**
   * {@link #evaluate(Dataset, EvaluateOptions) evaluate} on another thread.
   *
   * @param dataset samples and their labels
   * @param options null for the defaults
   * @param progress hears how far the work is; null for nobody
   * @param executor runs it; null for a thread of libmo
   * @return the result to come; cancelling it stops the work
   */
  public Task<Report> evaluateAsync(Dataset dataset, EvaluateOptions options, ProgressListener progress, Executor executor) {
    return Task.start(progress, executor, control -> evaluate(dataset, options, control));
  }

  /**
   * This model and another with the same inputs and outputs side by side.
   *
   * @param other the second model
   * @param dataset to compare results on; null to compare size and speed only
   * @param options null for the defaults
   * @return the report
   */
  public Report compare(Model other, Dataset dataset, CompareOptions options) {
    return compare(other, dataset, options, null);
  }

  /**
   * This model and another with the same inputs and outputs side by side.
   *
   * @param other the second model
   * @param dataset to compare results on; null to compare size and speed only
   * @param options null for the defaults
   * @param control progress, cancellation and deadline; null for none
   * @return the report
   */
  public Report compare(Model other, Dataset dataset, CompareOptions options, Control control) {
    return Call.with(control, options, this, other, dataset, (a, b, data, settings, watch) -> {
      long[] report = new long[1];
      Native.mo_compare(a, b, data, settings, watch, report);
      return new Report(report);
    });
  }

  /**
   * {@link #compare(Model, Dataset, CompareOptions) compare} on another thread.
   *
   * @param other the second model
   * @param dataset to compare results on; null to compare size and speed only
   * @param options null for the defaults
   * @param progress hears how far the work is; null for nobody
   * @param executor runs it; null for a thread of libmo
   * @return the result to come; cancelling it stops the work
   */
  public Task<Report> compareAsync(Model other, Dataset dataset, CompareOptions options, ProgressListener progress, Executor executor) {
    return Task.start(progress, executor, control -> compare(other, dataset, options, control));
  }
}
