package ai.libmo;

import java.nio.file.Path;

/** Samples, read batch by batch. It serves one thread at a time. */
public final class Dataset extends NativeObject {
  private final Object[] source;

  private Dataset(long address, Object[] source) {
    super("dataset", address, Native::mo_dataset_free);
    this.source = source;
  }

  /**
   * Opens an .npz, an .npy, a folder of samples, or a data set .yaml.
   *
   * @param path the file or folder
   * @param options null for the defaults
   * @return a new data set
   */
  public static Dataset open(Path path, DatasetOptions options) {
    return open(path.toString(), options);
  }

  /**
   * Opens an .npz, an .npy, a folder of samples, or a data set .yaml.
   *
   * @param path the file or folder, any Unicode whatever the JVM's file encoding
   * @param options null for the defaults
   * @return a new data set
   */
  public static Dataset open(String path, DatasetOptions options) {
    long settings = Options.open(options);
    try {
      long[] out = new long[1];
      Native.mo_dataset_open(path, settings, out);
      return new Dataset(out[0], null);
    } finally {
      Native.mo_options_free(settings);
    }
  }

  /**
   * Arrays as a data set: they share their first axis, its length is the number of samples.
   *
   * @param arrays the inputs by name, the truth under "label"
   * @param options null for the defaults
   * @return a new data set
   */
  public static Dataset of(Tensors arrays, DatasetOptions options) {
    return Call.with(null, options, arrays, null, null, (tensors, none, nothing, settings, watch) -> {
      long[] out = new long[1];
      Native.mo_dataset_create(tensors, settings, out);
      return new Dataset(out[0], arrays.memory());
    });
  }

  /**
   * The next batch.
   *
   * @return inputs and truth, which the caller closes; null at the end
   */
  public Batch next() {
    long address = handle.acquire();
    try {
      long[] inputs = new long[1];
      long[] label = new long[1];
      Native.mo_dataset_next(address, inputs, label);
      if (inputs[0] == 0) {
        return null;
      }
      return new Batch(new Tensors(inputs[0], source), label[0] == 0 ? null : new Tensor(label[0], source));
    } finally {
      handle.release();
    }
  }

  /** Starts again from the first sample. */
  public void rewind() {
    long address = handle.acquire();
    try {
      Native.mo_dataset_rewind(address);
    } finally {
      handle.release();
    }
  }

  /**
   * Samples in all.
   *
   * @return the number; -1 when only reading tells
   */
  public long count() {
    long address = handle.acquire();
    try {
      long[] count = new long[1];
      Native.mo_dataset_count(address, count);
      return count[0];
    } finally {
      handle.release();
    }
  }

  /** Some samples of a data set. Closing it closes the tensors. */
  public static final class Batch implements AutoCloseable {
    private final Tensors inputs;
    private final Tensor label;

    private Batch(Tensors inputs, Tensor label) {
      this.inputs = inputs;
      this.label = label;
    }

    /**
     * The samples.
     *
     * @return the inputs by name
     */
    public Tensors inputs() {
      return inputs;
    }

    /**
     * The truth.
     *
     * @return one per sample; null when the data set has none
     */
    public Tensor label() {
      return label;
    }

    /** Closes inputs and label. */
    @Override
    public void close() {
      inputs.close();
      if (label != null) {
        label.close();
      }
    }
  }
}
