package ai.libmo;

/** The type of a tensor's elements, as ONNX names them. */
public enum DataType {
  /** The model leaves it open. */
  UNDEFINED(NativeConstants.MO_DTYPE_UNDEFINED, 0),
  /** 32-bit floating point: {@code float}. */
  FLOAT32(NativeConstants.MO_DTYPE_FLOAT32, 32),
  /** Unsigned 8-bit integer, in a {@code byte}. */
  UINT8(NativeConstants.MO_DTYPE_UINT8, 8),
  /** Signed 8-bit integer: {@code byte}. */
  INT8(NativeConstants.MO_DTYPE_INT8, 8),
  /** Unsigned 16-bit integer, in a {@code short}. */
  UINT16(NativeConstants.MO_DTYPE_UINT16, 16),
  /** Signed 16-bit integer: {@code short}. */
  INT16(NativeConstants.MO_DTYPE_INT16, 16),
  /** Signed 32-bit integer: {@code int}. */
  INT32(NativeConstants.MO_DTYPE_INT32, 32),
  /** Signed 64-bit integer: {@code long}. */
  INT64(NativeConstants.MO_DTYPE_INT64, 64),
  /** Text. */
  STRING(NativeConstants.MO_DTYPE_STRING, 0),
  /** Truth value, one byte. */
  BOOL(NativeConstants.MO_DTYPE_BOOL, 8),
  /** IEEE 16-bit floating point, its bits in a {@code short}. */
  FLOAT16(NativeConstants.MO_DTYPE_FLOAT16, 16),
  /** 64-bit floating point: {@code double}. */
  FLOAT64(NativeConstants.MO_DTYPE_FLOAT64, 64),
  /** Unsigned 32-bit integer, in an {@code int}. */
  UINT32(NativeConstants.MO_DTYPE_UINT32, 32),
  /** Unsigned 64-bit integer, in a {@code long}. */
  UINT64(NativeConstants.MO_DTYPE_UINT64, 64),
  /** Two 32-bit floats. */
  COMPLEX64(NativeConstants.MO_DTYPE_COMPLEX64, 64),
  /** Two 64-bit floats. */
  COMPLEX128(NativeConstants.MO_DTYPE_COMPLEX128, 128),
  /** 16-bit brain floating point, its bits in a {@code short}. */
  BFLOAT16(NativeConstants.MO_DTYPE_BFLOAT16, 16),
  /** 8-bit floating point, 4 exponent bits, finite and NaN. */
  FLOAT8E4M3FN(NativeConstants.MO_DTYPE_FLOAT8E4M3FN, 8),
  /** 8-bit floating point, 4 exponent bits, one zero. */
  FLOAT8E4M3FNUZ(NativeConstants.MO_DTYPE_FLOAT8E4M3FNUZ, 8),
  /** 8-bit floating point, 5 exponent bits. */
  FLOAT8E5M2(NativeConstants.MO_DTYPE_FLOAT8E5M2, 8),
  /** 8-bit floating point, 5 exponent bits, one zero. */
  FLOAT8E5M2FNUZ(NativeConstants.MO_DTYPE_FLOAT8E5M2FNUZ, 8),
  /** Unsigned 4-bit integer, two in a byte, the first one low. */
  UINT4(NativeConstants.MO_DTYPE_UINT4, 4),
  /** Signed 4-bit integer, two in a byte, the first one low. */
  INT4(NativeConstants.MO_DTYPE_INT4, 4),
  /** 4-bit floating point, two in a byte. */
  FLOAT4E2M1(NativeConstants.MO_DTYPE_FLOAT4E2M1, 4),
  /** 8-bit power of two. */
  FLOAT8E8M0(NativeConstants.MO_DTYPE_FLOAT8E8M0, 8),
  /** Unsigned 2-bit integer, four in a byte. */
  UINT2(NativeConstants.MO_DTYPE_UINT2, 2),
  /** Signed 2-bit integer, four in a byte. */
  INT2(NativeConstants.MO_DTYPE_INT2, 2),
  /** 6-bit floating point, 2 exponent bits. */
  FLOAT6E2M3(NativeConstants.MO_DTYPE_FLOAT6E2M3, 6),
  /** 6-bit floating point, 3 exponent bits. */
  FLOAT6E3M2(NativeConstants.MO_DTYPE_FLOAT6E3M2, 6);

  private static final DataType[] BY_NUMBER = byNumber();

  private final int number;
  private final int bits;

  DataType(int number, int bits) {
    this.number = number;
    this.bits = bits;
  }

  /**
   * The number that ONNX and {@code mo.h} give the type.
   *
   * @return the number
   */
  public int number() {
    return number;
  }

  /**
   * The size of one element.
   *
   * @return bits per element, 0 for {@link #STRING} and {@link #UNDEFINED}
   */
  public int bits() {
    return bits;
  }

  /**
   * The type with a number.
   *
   * @param number as ONNX numbers them
   * @return the type
   * @throws IllegalArgumentException for a number that is none
   */
  public static DataType of(int number) {
    if (number < 0 || number >= BY_NUMBER.length || BY_NUMBER[number] == null) {
      throw new IllegalArgumentException("no data type has the number " + number);
    }
    return BY_NUMBER[number];
  }

  private static DataType[] byNumber() {
    DataType[] all = new DataType[64];
    for (DataType type : values()) {
      all[type.number] = type;
    }
    return all;
  }
}
