package ai.libmo;

/** What quantizing gave: a model and a report. Closing it closes the model. */
public final class Quantized implements AutoCloseable {
  private final Model model;
  private final Report report;

  Quantized(Model model, Report report) {
    this.model = model;
    this.report = report;
  }

  /**
   * The quantized model.
   *
   * @return the model
   */
  public Model model() {
    return model;
  }

  /**
   * What was done to which node, and what it cost.
   *
   * @return the report
   */
  public Report report() {
    return report;
  }

  /** Closes the model. */
  @Override
  public void close() {
    model.close();
  }
}
