package ai.libmo;

/** Judges a model for {@link Model#quantizeToGoal}: a number that says how good it is. What it throws ends the search and is thrown by it. */
@FunctionalInterface
public interface Metric {
  /**
   * Called on the thread that searches, one call at a time.
   *
   * @param model a candidate, lent for the time of the call; sessions made of it may live on
   * @return how good it is
   */
  double measure(Model model);
}
