package ai.libmo;

/** Hears how far long work is. What it throws ends the work and is thrown by the call that started it. */
@FunctionalInterface
public interface ProgressListener {
  /**
   * Called on the thread that works or on one of the library, never two at once.
   *
   * @param stage what is being done, "calibrate" for example
   * @param done units done
   * @param total units in all, 0 when unknown
   * @return true to go on, false to cancel
   */
  boolean progress(String stage, long done, long total);
}
