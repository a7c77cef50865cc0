package ai.libmo;

/** Why a call failed. New codes may be added; {@link #UNKNOWN} stands for one that this version does not know. */
public enum ErrorCode {
  /** An argument of the call is wrong. */
  INVALID_ARGUMENT(NativeConstants.MO_ERR_INVALID_ARGUMENT),
  /** A name, file or key does not exist. */
  NOT_FOUND(NativeConstants.MO_ERR_NOT_FOUND),
  /** The operating system refused: read, write, full disk. */
  IO(NativeConstants.MO_ERR_IO),
  /** A file or text is malformed. */
  FORMAT(NativeConstants.MO_ERR_FORMAT),
  /** Legal, but libmo does not do it. */
  UNSUPPORTED(NativeConstants.MO_ERR_UNSUPPORTED),
  /** Shapes do not fit together. */
  SHAPE(NativeConstants.MO_ERR_SHAPE),
  /** Element types do not fit together. */
  TYPE(NativeConstants.MO_ERR_TYPE),
  /** A limit was exceeded; options can raise it. */
  LIMIT(NativeConstants.MO_ERR_LIMIT),
  /** Memory ran out. */
  OUT_OF_MEMORY(NativeConstants.MO_ERR_OUT_OF_MEMORY),
  /** The work was cancelled. */
  CANCELLED(NativeConstants.MO_ERR_CANCELLED),
  /** The deadline of the {@link Control} passed. */
  DEADLINE(NativeConstants.MO_ERR_DEADLINE),
  /** A second use at the same time of an object that serves one thread. */
  BUSY(NativeConstants.MO_ERR_BUSY),
  /** An accelerator or its driver failed. */
  DEVICE(NativeConstants.MO_ERR_DEVICE),
  /** A callback reported an error. */
  CALLBACK(NativeConstants.MO_ERR_CALLBACK),
  /** A gate was not met. */
  THRESHOLD(NativeConstants.MO_ERR_THRESHOLD),
  /** A defect of libmo: please report it. */
  INTERNAL(NativeConstants.MO_ERR_INTERNAL),
  /** A code that this version of the Java library does not know. */
  UNKNOWN(-1);

  private final int number;

  ErrorCode(int number) {
    this.number = number;
  }

  /**
   * The number that {@code mo.h} gives the code.
   *
   * @return the number, -1 for {@link #UNKNOWN}
   */
  public int number() {
    return number;
  }

  static ErrorCode of(int number) {
    for (ErrorCode code : values()) {
      if (code.number == number) {
        return code;
      }
    }
    return UNKNOWN;
  }
}
