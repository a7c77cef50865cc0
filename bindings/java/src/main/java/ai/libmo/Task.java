package ai.libmo;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * Work on another thread. Cancelling it makes the native work stop soon; a result that still comes is closed.
 *
 * @param <T> what it gives
 */
public final class Task<T> extends CompletableFuture<T> {
  private static final Executor THREADS = Executors.newCachedThreadPool(work -> {
    Thread thread = new Thread(work, "libmo-task");
    thread.setDaemon(true);
    return thread;
  });

  private final Control control;

  private Task(Control control) {
    this.control = control;
  }

  static <T> Task<T> start(ProgressListener progress, Executor executor, Function<Control, T> work) {
    Control control = new Control(progress);
    Task<T> task = new Task<>(control);
    try {
      (executor == null ? THREADS : executor).execute(() -> task.run(work));
    } catch (RuntimeException e) {
      control.close();
      throw e;
    }
    return task;
  }

  private void run(Function<Control, T> work) {
    try (Control closing = control) {
      if (isDone()) { // cancelled while it waited for a thread
        return;
      }
      T result = work.apply(closing);
      if (!complete(result) && result instanceof AutoCloseable && !(result instanceof Calibration)) {
        ((AutoCloseable) result).close();
      }
    } catch (Throwable e) {
      completeExceptionally(e);
    }
  }

  /**
   * Cancels the native work, and this.
   *
   * @param mayInterruptIfRunning not used: threads are not interrupted
   * @return whether this is cancelled now
   */
  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    try {
      control.cancel();
    } catch (IllegalStateException e) {
      // the work is over
    }
    return super.cancel(mayInterruptIfRunning);
  }

  /** Dependent stages are plain futures. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
