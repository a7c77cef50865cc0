package ai.libmo;

/** How much {@link Libmo#setLog} reports. */
public enum LogLevel {
  /** Nothing. */
  OFF(NativeConstants.MO_LOG_OFF),
  /** Errors only. */
  ERROR(NativeConstants.MO_LOG_ERROR),
  /** Also what may be wrong. */
  WARNING(NativeConstants.MO_LOG_WARNING),
  /** Also what is being done. */
  INFO(NativeConstants.MO_LOG_INFO),
  /** Everything. */
  DEBUG(NativeConstants.MO_LOG_DEBUG);

  final int number;

  LogLevel(int number) {
    this.number = number;
  }

  static LogLevel of(int number) {
    for (LogLevel level : values()) {
      if (level.number == number) {
        return level;
      }
    }
    return DEBUG;
  }
}
