package ai.libmo;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executor;

/** An ONNX model. It never changes, so threads may share it. */
public final class Model extends NativeObject {
  Model(long address) {
    super("model", address, Native::mo_model_free);
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
