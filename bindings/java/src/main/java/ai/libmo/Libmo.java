package ai.libmo;

/** The library itself: version, devices, log. */
public final class Libmo {
  private static long logListener; // the sink that the library holds now

  private Libmo() {}

  /**
   * The release of the native library.
   *
   * @return "0.1.0" for example
   */
  public static String version() {
    return Native.mo_version();
  }

  /**
   * The number of the native library's binary interface; it was checked when the library was loaded.
   *
   * @return the number
   */
  public static int abiVersion() {
    return Native.mo_abi_version();
  }

  /**
   * How the native library was built.
   *
   * @return a JSON object with version, abi, compiler, onednn, cpu_features
   */
  public static String buildInfo() {
    long[] out = new long[1];
    Native.mo_build_info_json(out);
    return NativeObject.takeText(out);
  }

  /**
   * The devices that can run models.
   *
   * @return a JSON object with the list "devices"
   */
  public static String devices() {
    long[] out = new long[1];
    Native.mo_devices_json(out);
    return NativeObject.takeText(out);
  }

  /**
   * Sends log lines to a listener. One for the process: when this returns, the former is not called any more.
   *
   * @param level how much to report
   * @param listener receives the lines; null turns logging off
   */
  public static synchronized void setLog(LogLevel level, LogListener listener) {
    long next = listener == null ? 0 : new Listener(null, listener, null).register();
    Native.mo_set_log(next, listener == null ? LogLevel.OFF.number : level.number);
    long former = logListener;
    logListener = next;
    Native.mo_java_listener_free(former);
  }

  /**
   * The options of an operation: keys, types, defaults, ranges, help.
   *
   * @param operation "quantize" for example; null for the list of operations
   * @return a JSON object
   */
  public static String describeOptions(String operation) {
    long[] out = new long[1];
    Native.mo_options_describe_json(operation, out);
    return NativeObject.takeText(out);
  }
}
