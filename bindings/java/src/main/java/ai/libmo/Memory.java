package ai.libmo;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/** The memory between a buffer's position and limit, or in a primitive array: direct, or an array with an offset in bytes. */
final class Memory {
  final Buffer direct; // position 0; null when it is an array
  final Object array;
  final long offset;
  final long bytes;

  private Memory(Buffer direct, Object array, long offset, long bytes) {
    this.direct = direct;
    this.array = array;
    this.offset = offset;
    this.bytes = bytes;
  }

  static Memory ofArray(Object array, int width, long length) {
    return new Memory(null, array, 0, length * width);
  }

  /** @param write whether native code is going to write to it */
  static Memory of(Buffer buffer, boolean write) {
    int width = width(buffer);
    long bytes = (long) buffer.remaining() * width;
    if (write && buffer.isReadOnly()) {
      throw new IllegalArgumentException("buffer is read-only");
    }
    if (buffer.isDirect()) {
      return new Memory(view(buffer), null, 0, bytes);
    }
    if (buffer.hasArray()) {
      return new Memory(null, buffer.array(), (long) (buffer.arrayOffset() + buffer.position()) * width, bytes);
    }
    throw new IllegalArgumentException("buffer is neither direct nor on an accessible array");
  }

  /** The elements of a direct buffer from its position on, as a buffer of their own; position and limit stay as they are. */
  static Buffer view(Buffer buffer) {
    if (!buffer.isDirect()) {
      throw new IllegalArgumentException("buffer is not direct; use ByteBuffer.allocateDirect(n).order(ByteOrder.nativeOrder())");
    }
    if (width(buffer) > 1 && order(buffer) != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException("buffer is " + order(buffer) + ", this machine is " + ByteOrder.nativeOrder());
    }
    if (buffer instanceof ByteBuffer) {
      return ((ByteBuffer) buffer).slice();
    }
    if (buffer instanceof FloatBuffer) {
      return ((FloatBuffer) buffer).slice();
    }
    if (buffer instanceof LongBuffer) {
      return ((LongBuffer) buffer).slice();
    }
    if (buffer instanceof IntBuffer) {
      return ((IntBuffer) buffer).slice();
    }
    if (buffer instanceof DoubleBuffer) {
      return ((DoubleBuffer) buffer).slice();
    }
    return ((ShortBuffer) buffer).slice();
  }

  static int width(Buffer buffer) {
    if (buffer instanceof ByteBuffer) {
      return 1;
    }
    if (buffer instanceof ShortBuffer) {
      return 2;
    }
    if (buffer instanceof FloatBuffer || buffer instanceof IntBuffer) {
      return 4;
    }
    if (buffer instanceof DoubleBuffer || buffer instanceof LongBuffer) {
      return 8;
    }
    throw new IllegalArgumentException("a tensor has no " + buffer.getClass().getSimpleName());
  }

  private static ByteOrder order(Buffer buffer) {
    return buffer instanceof FloatBuffer ? ((FloatBuffer) buffer).order()
        : buffer instanceof IntBuffer ? ((IntBuffer) buffer).order()
        : buffer instanceof LongBuffer ? ((LongBuffer) buffer).order()
        : buffer instanceof DoubleBuffer ? ((DoubleBuffer) buffer).order()
        : ((ShortBuffer) buffer).order();
  }
}
