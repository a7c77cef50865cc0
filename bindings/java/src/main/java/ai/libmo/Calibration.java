package ai.libmo;

import java.nio.file.Path;
import java.util.concurrent.Executor;

/** Statistics of a model's activations. The caller feeds it from any source of data; it serves one thread at a time. */
public final class Calibration extends NativeObject {
  Calibration(long address) {
    super("calibration", address, Native::mo_calibration_free);
  }

  /**
   * Reads statistics from a file.
   *
   * @param path the file
   * @param model the model they were made from; another is an error
   * @return a new calibration
   */
  public static Calibration load(Path path, Model model) {
    return load(path.toString(), model);
  }

  /**
   * Reads statistics from a file.
   *
   * @param path the file, any Unicode whatever the JVM's file encoding
   * @param model the model they were made from; another is an error
   * @return a new calibration
   */
  public static Calibration load(String path, Model model) {
    long address = model.handle.acquire();
    try {
      long[] out = new long[1];
      Native.mo_calibration_load(path, address, out);
      return new Calibration(out[0]);
    } finally {
      model.handle.release();
    }
  }

  /**
   * Runs the model on one batch and takes note of its activations.
   *
   * @param inputs every input that has no default, by name
   * @return this calibration
   */
  public Calibration feed(Tensors inputs) {
    return feed(inputs, null);
  }

  /**
   * Runs the model on one batch and takes note of its activations.
   *
   * @param inputs every input that has no default, by name
   * @param control progress, cancellation and deadline; null for none
   * @return this calibration
   */
  public Calibration feed(Tensors inputs, Control control) {
    return Call.with(control, null, this, inputs, null, (statistics, tensors, ignored, settings, watch) -> {
      Native.mo_calibration_feed(statistics, tensors, watch);
      return this;
    });
  }

  /**
   * Feeds every batch of a data set, from the first one on.
   *
   * @param dataset the samples
   * @param control progress, cancellation and deadline; null for none
   * @return this calibration
   */
  public Calibration feed(Dataset dataset, Control control) {
    dataset.rewind();
    for (Dataset.Batch batch = dataset.next(); batch != null; batch = dataset.next()) {
      try (Dataset.Batch closing = batch) {
        feed(closing.inputs(), control);
      }
    }
    return this;
  }

  /**
   * Feeds every batch of a data set on another thread.
   *
   * @param dataset the samples
   * @param executor runs it; null for a thread of libmo
   * @return this calibration, to come; cancelling it stops the work
   */
  public Task<Calibration> feedAsync(Dataset dataset, Executor executor) {
    return Task.start(null, executor, control -> feed(dataset, control));
  }

  /**
   * Samples fed so far, merged ones included.
   *
   * @return rows of the first input
   */
  public long count() {
    long address = handle.acquire();
    try {
      return Native.mo_calibration_count(address);
    } finally {
      handle.release();
    }
  }

  /**
   * Adds statistics made from the same model with the same options, as if their batches had been fed here.
   *
   * @param other the statistics to add
   * @return this calibration
   */
  public Calibration merge(Calibration other) {
    return Call.with(null, null, this, other, null, (mine, theirs, ignored, settings, watch) -> {
      Native.mo_calibration_merge(mine, theirs);
      return this;
    });
  }

  /**
   * Writes the statistics to a file, whole or not at all.
   *
   * @param path the file
   */
  public void save(Path path) {
    save(path.toString());
  }

  /**
   * Writes the statistics to a file, whole or not at all.
   *
   * @param path the file, any Unicode whatever the JVM's file encoding
   */
  public void save(String path) {
    long address = handle.acquire();
    try {
      Native.mo_calibration_save(address, path);
    } finally {
      handle.release();
    }
  }
}
