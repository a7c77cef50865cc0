package ai.libmo;

import java.time.Duration;
import java.util.function.Supplier;

/** Progress, cancellation and deadline of long work. It may serve several calls, one after the other or at once. */
public final class Control extends NativeObject {
  private final Listener listener;

  /** A control that only cancels and sets deadlines. */
  public Control() {
    this(null);
  }

  /**
   * A control that also reports progress.
   *
   * @param progress hears how far the work is; null for nobody
   */
  public Control(ProgressListener progress) {
    this(progress == null ? null : new Listener(progress, null, null), 0);
  }

  private Control(Listener listener, int nothing) {
    this(listener, listener == null ? 0L : listener.register());
  }

  private Control(Listener listener, long address) {
    super("control", create(address), freeWith(address));
    this.listener = listener;
  }

  private static long create(long listener) {
    long[] out = new long[1];
    try {
      Native.mo_control_create(listener, out);
    } catch (RuntimeException e) {
      Native.mo_java_listener_free(listener);
      throw e;
    }
    return out[0];
  }

  private static java.util.function.LongConsumer freeWith(long listener) {
    return control -> {
      Native.mo_control_free(control);
      Native.mo_java_listener_free(listener);
    };
  }

  /** Makes the calls that use this control throw {@link ErrorCode#CANCELLED} soon, now and in future. From any thread. */
  public void cancel() {
    long address = handle.acquire();
    try {
      Native.mo_control_cancel(address);
    } finally {
      handle.release();
    }
  }

  /**
   * Makes them throw {@link ErrorCode#DEADLINE} once this much time has passed from now. From any thread.
   *
   * @param time how long; zero or less removes the deadline
   */
  public void setDeadline(Duration time) {
    long address = handle.acquire();
    try {
      Native.mo_control_set_deadline(address, time.toNanos() / 1e9);
    } finally {
      handle.release();
    }
  }

  /** Runs work that uses {@code control}; what its listener threw is thrown in place of the cancellation. */
  static <T> T watch(Control control, Supplier<T> work) {
    return watch(control == null ? null : control.listener, work);
  }

  static <T> T watch(Listener listener, Supplier<T> work) {
    if (listener == null) {
      return work.get();
    }
    try {
      return work.get();
    } catch (MoException e) {
      throw listener.cause(e);
    }
  }
}
