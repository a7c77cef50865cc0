package ai.libmo;

/** What native threads call (by name, see java_support.h). Nothing that listeners throw gets past it. */
final class Listener {
  private final ProgressListener onProgress;
  private final LogListener onLog;
  private volatile Throwable failure;

  Listener(ProgressListener onProgress, LogListener onLog) {
    this.onProgress = onProgress;
    this.onLog = onLog;
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

  void log(int level, byte[] message) {
    try {
      onLog.log(LogLevel.of(level), Utf8.decode(message));
    } catch (Throwable ignored) {
      // a log that fails has nowhere to say so
    }
  }

  /** What the progress listener threw, or else {@code error}. */
  RuntimeException cause(MoException error) {
    Throwable thrown = failure;
    if (thrown == null || error.code() != ErrorCode.CANCELLED) {
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
