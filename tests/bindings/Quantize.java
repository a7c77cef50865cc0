import ai.libmo.Calibration;
import ai.libmo.Dataset;
import ai.libmo.DatasetOptions;
import ai.libmo.Model;
import ai.libmo.Quantized;

/** quantize.c in Java. usage: java -cp libmo-all.jar Quantize.java quantize MODEL DATA SAMPLES OUT */
public final class Quantize {
  /** What same_bytes.py runs. */
  public static void main(String[] a) {
    DatasetOptions first = DatasetOptions.builder().samples(Long.parseLong(a[3])).build();
    try (Model model = Model.load(a[1]); Dataset data = Dataset.open(a[2], first); Calibration calibration = model.calibration();
        Quantized small = model.quantize(calibration.feed(data, null), null)) {
      small.model().save(a[4]);
    }
  }
}
