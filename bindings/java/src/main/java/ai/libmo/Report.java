package ai.libmo;

import java.io.Serializable;

/** What an operation did and measured. A value: it needs no closing. */
public final class Report implements Serializable {
  private static final long serialVersionUID = 1;

  /** For programs. @serial */
  private final String json;

  /** For people. @serial */
  private final String text;

  /** For browsers. @serial */
  private final String html;

  /** Whether the gates were met. @serial */
  private final boolean passed;

  /** Takes the content of a mo_report and frees it. */
  Report(long[] report) {
    try {
      json = Native.mo_report_json(report[0]);
      text = Native.mo_report_text(report[0]);
      long[] page = new long[1];
      Native.mo_report_html(report[0], page);
      html = NativeObject.takeText(page);
      passed = Native.mo_report_passed(report[0]) != 0;
    } finally {
      Native.mo_report_free(report[0]);
    }
  }

  /**
   * The report for programs; keys are only ever added from release to release.
   *
   * @return a JSON object
   */
  public String json() {
    return json;
  }

  /**
   * The report for people.
   *
   * @return aligned lines
   */
  public String text() {
    return text;
  }

  /**
   * The report as one HTML page that needs nothing else.
   *
   * @return a whole page
   */
  public String html() {
    return html;
  }

  /**
   * Whether every gate that the options set was met.
   *
   * @return true when all were met or none was set
   */
  public boolean passed() {
    return passed;
  }

  /** The text for people. */
  @Override
  public String toString() {
    return text;
  }
}
