package ai.libmo;

/** Receives log lines. */
@FunctionalInterface
public interface LogListener {
  /**
   * Called from any thread, one call at a time. It must not call into libmo; what it throws is ignored.
   *
   * @param level how serious it is
   * @param message one line
   */
  void log(LogLevel level, String message);
}
