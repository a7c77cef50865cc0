package ai.libmo;

import java.util.function.LongConsumer;

/** What every class with native memory shares: its handle and closing. */
abstract class NativeObject implements AutoCloseable {
  final Handle handle;

  NativeObject(String what, long address, LongConsumer free) {
    handle = new Handle(this, what, address, free);
  }

  /** Frees the native memory, once no thread uses it any more. Closing twice does nothing. */
  @Override
  public void close() {
    handle.close();
  }

  /**
   * Whether {@link #close} was called.
   *
   * @return true when the object can no longer be used
   */
  public boolean isClosed() {
    return handle.isClosed();
  }

  /** The address of an object that may be absent; {@link #release} ends the use. */
  static long acquire(NativeObject object) {
    return object == null ? 0 : object.handle.acquire();
  }

  static void release(NativeObject object) {
    if (object != null) {
      object.handle.release();
    }
  }

  /** The text of a mo_buffer, which is freed. */
  static String takeText(long[] buffer) {
    return Utf8.decode(takeBytes(buffer));
  }

  /** The bytes of a mo_buffer, which is freed. */
  static byte[] takeBytes(long[] buffer) {
    try {
      byte[] bytes = Native.mo_java_buffer_bytes(buffer[0]);
      if (bytes == null) {
        throw new MoException(ErrorCode.LIMIT, "result is larger than a Java array can be; save it to a file");
      }
      return bytes;
    } finally {
      Native.mo_buffer_free(buffer[0]);
    }
  }
}
