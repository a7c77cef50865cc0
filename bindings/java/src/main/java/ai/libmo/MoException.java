package ai.libmo;

/** What libmo objects to: a code, one sentence, and the node of the model that it concerns. */
public class MoException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The code. @serial */
  private final ErrorCode code;

  /** The node's name, "" for none. @serial */
  private final String node;

  /** The node's operator, "" for none. @serial */
  private final String operator;

  MoException(ErrorCode code, String message) {
    this(code, message, "", "");
  }

  private MoException(ErrorCode code, String message, String node, String operator) {
    super(message);
    this.code = code;
    this.node = node;
    this.operator = operator;
  }

  /**
   * Why the call failed.
   *
   * @return the code
   */
  public ErrorCode code() {
    return code;
  }

  /**
   * The name of the model's node that the error concerns.
   *
   * @return the name, "" when it concerns none
   */
  public String node() {
    return node;
  }

  /**
   * The operator of that node, "Conv" for example.
   *
   * @return the operator, "" when the error concerns none
   */
  public String operator() {
    return operator;
  }

  /** Throws what a call returned, and frees it; 0 is success. */
  static void check(long error) {
    if (error != 0) {
      throw take(error);
    }
  }

  private static MoException take(long error) {
    try {
      return new MoException(
          ErrorCode.of(Native.mo_error_code(error)), Native.mo_error_message(error), Native.mo_error_node(error), Native.mo_error_op(error));
    } finally {
      Native.mo_error_drop(error);
    }
  }
}
