package ai.libmo;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A typed, shaped array. {@code of} copies Java memory into a tensor, {@link #view} puts one on a direct buffer without copying, and
 * {@code read} and {@code write} copy back and forth. Arrays of {@code short} and {@code byte} also carry the types that Java lacks,
 * by their bits: see {@link DataType}.
 */
public final class Tensor extends NativeObject {
  private static final long[] SCALAR = {};

  /** Memory of the caller that the tensor lies on; kept alive as long as anything refers to the tensor. */
  final Object[] borrowed;

  Tensor(long address, Object[] borrowed) {
    super("tensor", address, Native::mo_tensor_free);
    this.borrowed = borrowed;
  }

  /**
   * A FLOAT32 tensor with a copy of an array.
   *
   * @param data the elements, row by row
   * @param shape sizes, outermost first; none for a scalar
   * @return a new tensor
   */
  public static Tensor of(float[] data, long... shape) {
    return create(DataType.FLOAT32, Memory.ofArray(data, 4, data.length), shape);
  }

  /**
   * A FLOAT64 tensor with a copy of an array.
   *
   * @param data the elements, row by row
   * @param shape sizes, outermost first; none for a scalar
   * @return a new tensor
   */
  public static Tensor of(double[] data, long... shape) {
    return create(DataType.FLOAT64, Memory.ofArray(data, 8, data.length), shape);
  }

  /**
   * An INT32 tensor with a copy of an array.
   *
   * @param data the elements, row by row
   * @param shape sizes, outermost first; none for a scalar
   * @return a new tensor
   */
  public static Tensor of(int[] data, long... shape) {
    return create(DataType.INT32, Memory.ofArray(data, 4, data.length), shape);
  }

  /**
   * An INT64 tensor with a copy of an array. The elements come first: {@code of(new long[] {1, 2, 3}, 3)}.
   *
   * @param data the elements, row by row
   * @param shape sizes, outermost first; none for a scalar
   * @return a new tensor
   */
  public static Tensor of(long[] data, long... shape) {
    return create(DataType.INT64, Memory.ofArray(data, 8, data.length), shape);
  }

  /**
   * A tensor of any type but STRING with a copy of an array.
   *
   * @param type the elements' type
   * @param data a primitive array that holds exactly the tensor's bytes, for example a {@code byte[]} for UINT8 or a {@code short[]} for FLOAT16
   * @param shape sizes, outermost first; none for a scalar
   * @return a new tensor
   */
  public static Tensor of(DataType type, Object data, long... shape) {
    return create(type, array(data), shape);
  }

  /**
   * A tensor of any type but STRING with a copy of what lies between the buffer's position and limit.
   *
   * @param type the elements' type
   * @param data direct and in native byte order, or on an array
   * @param shape sizes, outermost first; none for a scalar
   * @return a new tensor
   */
  public static Tensor of(DataType type, Buffer data, long... shape) {
    return create(type, Memory.of(data, false), shape);
  }

  /**
   * A STRING tensor.
   *
   * @param data the elements, row by row; none may hold a NUL character
   * @param shape sizes, outermost first; none for a scalar
   * @return a new tensor
   */
  public static Tensor of(String[] data, long... shape) {
    byte[] text = joined(data);
    return create(DataType.STRING, Memory.ofArray(text, 1, text.length), shape);
  }

  /**
   * A tensor of zeros (or empty texts).
   *
   * @param type the elements' type
   * @param shape sizes, outermost first; none for a scalar
   * @return a new tensor
   */
  public static Tensor zeros(DataType type, long... shape) {
    long[] out = new long[1];
    Native.mo_tensor_create(type.number(), shape, null, 0, out);
    return new Tensor(out[0], null);
  }

  /**
   * A tensor on the memory of a direct buffer, from its position to its limit, without a copy: what is put into the buffer is what a run
   * reads, and what a run writes with {@link Session#runInto} is in the buffer. The buffer is kept from being collected.
   *
   * @param type the elements' type; not STRING
   * @param data direct, in native byte order
   * @param shape sizes, outermost first; none for a scalar
   * @return a new tensor
   */
  public static Tensor view(DataType type, Buffer data, long... shape) {
    if (data.isReadOnly()) {
      throw new IllegalArgumentException("buffer is read-only, and a run may write to a view");
    }
    Memory memory = Memory.of(Memory.view(data), true);
    long[] out = new long[1];
    Native.mo_tensor_view(type.number(), shape, memory.direct, memory.bytes, out);
    return new Tensor(out[0], new Object[] {data});
  }

  /**
   * A FLOAT32 tensor on the memory of a direct buffer, without a copy.
   *
   * @param data direct, in native byte order
   * @param shape sizes, outermost first; none for a scalar
   * @return a new tensor
   * @see #view(DataType, Buffer, long...)
   */
  public static Tensor view(FloatBuffer data, long... shape) {
    return view(DataType.FLOAT32, data, shape);
  }

  private static Tensor create(DataType type, Memory memory, long[] shape) {
    long[] out = new long[1];
    if (memory.array != null) {
      Native.mo_java_tensor_create(type.number(), shape, memory.array, memory.offset, memory.bytes, out);
    } else {
      Native.mo_tensor_create(type.number(), shape, memory.direct, memory.bytes, out);
    }
    return new Tensor(out[0], null);
  }

  /**
   * The elements' type.
   *
   * @return the type
   */
  public DataType dataType() {
    long address = handle.acquire();
    try {
      return DataType.of(Native.mo_tensor_dtype(address));
    } finally {
      handle.release();
    }
  }

  /**
   * The sizes, outermost first.
   *
   * @return a new array; empty for a scalar
   */
  public long[] shape() {
    long address = handle.acquire();
    try {
      int rank = (int) Native.mo_tensor_rank(address);
      long[] shape = rank == 0 ? SCALAR : new long[rank];
      for (int i = 0; i < rank; i++) {
        shape[i] = Native.mo_tensor_dim(address, i);
      }
      return shape;
    } finally {
      handle.release();
    }
  }

  /**
   * The number of elements.
   *
   * @return the product of the shape, 1 for a scalar
   */
  public long elementCount() {
    long count = 1;
    for (long size : shape()) {
      count *= size;
    }
    return count;
  }

  /**
   * The size of the content.
   *
   * @return bytes, as {@link #read(Object)} writes them
   */
  public long byteSize() {
    long address = handle.acquire();
    try {
      return Native.mo_tensor_bytes(address);
    } finally {
      handle.release();
    }
  }

  /**
   * Copies the content into a primitive array.
   *
   * @param array exactly as many bytes as {@link #byteSize}
   */
  public void read(Object array) {
    read(array(array));
  }

  /**
   * Copies the content into a buffer from its position on; position and limit stay as they are.
   *
   * @param buffer with exactly {@link #byteSize} bytes remaining; direct and in native byte order, or on an array
   */
  public void read(Buffer buffer) {
    read(Memory.of(buffer, true));
  }

  private void read(Memory memory) {
    long address = handle.acquire();
    try {
      if (memory.array != null) {
        Native.mo_java_tensor_read(address, memory.array, memory.offset, memory.bytes);
      } else {
        Native.mo_tensor_read(address, memory.direct, memory.bytes);
      }
    } finally {
      handle.release();
    }
  }

  /**
   * Copies a primitive array into the tensor. Every object that shares the tensor sees it.
   *
   * @param array exactly as many bytes as {@link #byteSize}
   */
  public void write(Object array) {
    write(array(array));
  }

  /**
   * Copies what lies between the buffer's position and limit into the tensor. Every object that shares the tensor sees it.
   *
   * @param buffer with exactly {@link #byteSize} bytes remaining; direct and in native byte order, or on an array
   */
  public void write(Buffer buffer) {
    write(Memory.of(buffer, false));
  }

  private void write(Memory memory) {
    long address = handle.acquireExclusive();
    try {
      if (Native.mo_tensor_dtype(address) == DataType.STRING.number()) {
        throw new MoException(ErrorCode.UNSUPPORTED, "texts of a tensor are not replaced; make a new tensor"); // their memory would move under a run
      }
      if (memory.array != null) {
        Native.mo_java_tensor_write(address, memory.array, memory.offset, memory.bytes);
      } else {
        Native.mo_tensor_write(address, memory.direct, memory.bytes);
      }
    } finally {
      handle.releaseExclusive();
    }
  }

  /**
   * The content of a FLOAT32 tensor.
   *
   * @return a new array
   */
  public float[] floats() {
    float[] data = new float[count(DataType.FLOAT32, 4)];
    read(data);
    return data;
  }

  /**
   * The content of a FLOAT64 tensor.
   *
   * @return a new array
   */
  public double[] doubles() {
    double[] data = new double[count(DataType.FLOAT64, 8)];
    read(data);
    return data;
  }

  /**
   * The content of an INT32 tensor.
   *
   * @return a new array
   */
  public int[] ints() {
    int[] data = new int[count(DataType.INT32, 4)];
    read(data);
    return data;
  }

  /**
   * The content of an INT64 tensor.
   *
   * @return a new array
   */
  public long[] longs() {
    long[] data = new long[count(DataType.INT64, 8)];
    read(data);
    return data;
  }

  /**
   * The content of a tensor of any type, byte by byte.
   *
   * @return a new array of {@link #byteSize} bytes; of texts each ends with NUL
   */
  public byte[] bytes() {
    byte[] data = new byte[length(byteSize())];
    read(data);
    return data;
  }

  /**
   * The content of a STRING tensor.
   *
   * @return a new array
   */
  public String[] strings() {
    require(DataType.STRING);
    byte[] text = bytes();
    String[] all = new String[length(elementCount())];
    int from = 0;
    for (int i = 0; i < all.length; i++) {
      int to = from;
      while (text[to] != 0) {
        to++;
      }
      all[i] = new String(text, from, to - from, StandardCharsets.UTF_8);
      from = to + 1;
    }
    return all;
  }

  @Override
  public String toString() {
    return isClosed() ? "closed tensor" : dataType() + Arrays.toString(shape());
  }

  private int count(DataType type, int width) {
    require(type);
    return length(byteSize() / width);
  }

  private void require(DataType type) {
    DataType found = dataType();
    if (found != type) {
      throw new MoException(ErrorCode.TYPE, "tensor is " + found + ", not " + type);
    }
  }

  private static int length(long count) {
    if (count > Integer.MAX_VALUE - 8) {
      throw new MoException(ErrorCode.LIMIT, "tensor is larger than a Java array can be; read it into buffers");
    }
    return (int) count;
  }

  private static byte[] joined(String[] texts) {
    byte[][] all = Utf8.encode(Arrays.asList(texts));
    int size = 0;
    for (int i = 0; i < all.length; i++) {
      if (all[i] == null) {
        throw new IllegalArgumentException("text " + i + " is null");
      }
      size += all[i].length + 1;
    }
    ByteBuffer joined = ByteBuffer.allocate(size);
    for (byte[] text : all) {
      joined.put(text).put((byte) 0);
    }
    return joined.array();
  }

  private static Memory array(Object array) {
    if (array instanceof float[]) {
      return Memory.ofArray(array, 4, ((float[]) array).length);
    }
    if (array instanceof byte[]) {
      return Memory.ofArray(array, 1, ((byte[]) array).length);
    }
    if (array instanceof boolean[]) {
      return Memory.ofArray(array, 1, ((boolean[]) array).length);
    }
    if (array instanceof short[]) {
      return Memory.ofArray(array, 2, ((short[]) array).length);
    }
    if (array instanceof int[]) {
      return Memory.ofArray(array, 4, ((int[]) array).length);
    }
    if (array instanceof long[]) {
      return Memory.ofArray(array, 8, ((long[]) array).length);
    }
    if (array instanceof double[]) {
      return Memory.ofArray(array, 8, ((double[]) array).length);
    }
    if (array instanceof Buffer) {
      return Memory.of((Buffer) array, false);
    }
    throw new IllegalArgumentException("not an array of numbers: " + (array == null ? null : array.getClass().getSimpleName()));
  }
}
