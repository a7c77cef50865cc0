package ai.libmo;

/** What native threads call (by name, see java_support.h). Nothing that listeners throw gets past it. */
final class Listener {
  private final ProgressListener onProgress;
  private final LogListener onLog;
  private final Metric metric;
  private volatile Throwable failure;

  Listener(ProgressListener onProgress, LogListener onLog, Metric metric) {
    this.onProgress = onProgress;
    this.onLog = onLog;
    this.metric = metric;
  }

  /** The address that native code keeps; {@link Native#mo_java_listener_free} ends it. */
  long register() {
    long address = Native.mo_java_listener_new(this);
    if (address == 0) {
      throw new MoException(ErrorCode.OUT_OF_MEMORY, "no memory for a listener");
    }
    return address;
  }

  int progress(byte[] stage, long done, long total) {
    try {
      return onProgress.progress(Utf8.decode(stage), done, total) ? 0 : 1;
    } catch (Throwable thrown) {
      failure = thrown;
      return 1;
    }
  }

  boolean metric(long model, double[] value) {
    Model lent = Model.lent(model);
    try {
      value[0] = metric.measure(lent);
      return true;
    } catch (Throwable thrown) {
      failure = thrown;
      return false;
    } finally {
      lent.close();
      lent.handle.awaitFree(); // another thread may have kept it
    }
  }

  void log(int level, byte[] message) {
    try {
      onLog.log(LogLevel.of(level), Utf8.decode(message));
    } catch (Throwable ignored) {
      // a log that fails has nowhere to say so
    }
  }

  /** What the listener threw, or else {@code error}. */
  RuntimeException cause(MoException error) {
    Throwable thrown = failure;
    if (thrown == null || error.code() != ErrorCode.CANCELLED && error.code() != ErrorCode.CALLBACK) {
      return error;
    }
    failure = null;
    if (thrown instanceof Error) {
      throw (Error) thrown;
    }
    if (thrown instanceof RuntimeException) {
      return (RuntimeException) thrown;
    }
    return new java.util.concurrent.CompletionException(thrown); // a checked exception, thrown past the compiler
  }
}
