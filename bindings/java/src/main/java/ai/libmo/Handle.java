package ai.libmo;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/**
 * The address of a native object and who uses it now: many readers or one writer. Closing marks it closed; the memory goes when the
 * last user leaves. It never refers to its owner, so that the owner can be collected and {@link #run} then closes it.
 */
@SuppressWarnings("serial") // an AtomicInteger only to save an object
final class Handle extends AtomicInteger implements Runnable {
  private static final int CLOSED = Integer.MIN_VALUE;
  private static final int WRITER = 1 << 30;
  private static final Cleaner CLEANER = Cleaner.create();

  private final long address;
  private final LongConsumer free;
  private final String what;
  private final Cleaner.Cleanable cleanable;

  /** {@code what} names the object in messages: "session". */
  Handle(Object owner, String what, long address, LongConsumer free) {
    this.address = address;
    this.free = free;
    this.what = what;
    this.cleanable = CLEANER.register(owner, this);
  }

  /** The address, for a use that {@link #release} ends. */
  long acquire() {
    for (;;) {
      int state = get();
      if (state < 0 || (state & WRITER) != 0) {
        throw refuse(state);
      }
      if (compareAndSet(state, state + 1)) {
        return address;
      }
    }
  }

  void release() {
    if (decrementAndGet() == CLOSED) {
      free.accept(address);
    }
  }

  /** The address, for a change that {@link #releaseExclusive} ends and that nothing else may watch. */
  long acquireExclusive() {
    if (!compareAndSet(0, WRITER)) {
      throw refuse(get());
    }
    return address;
  }

  void releaseExclusive() {
    if (addAndGet(-WRITER) == CLOSED) {
      free.accept(address);
    }
  }

  void close() {
    cleanable.clean();
  }

  /** Waits until nobody uses the closed object. */
  void awaitFree() {
    while (get() != CLOSED) {
      java.util.concurrent.locks.LockSupport.parkNanos(50_000);
    }
  }

  boolean isClosed() {
    return get() < 0;
  }

  /** Called once, by close or by the collector. */
  @Override
  public void run() {
    if (getAndUpdate(state -> state | CLOSED) == 0) {
      free.accept(address);
    }
  }

  private RuntimeException refuse(int state) {
    return state < 0
        ? new IllegalStateException(what + " is closed")
        : new MoException(ErrorCode.BUSY, what + " is in use by another thread");
  }
}
