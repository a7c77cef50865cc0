import ai.libmo.Calibration;
import ai.libmo.CompareOptions;
import ai.libmo.Control;
import ai.libmo.Model;
import ai.libmo.Port;
import ai.libmo.QuantizeOptions;
import ai.libmo.Quantized;
import ai.libmo.Report;
import ai.libmo.Tensor;
import ai.libmo.Tensors;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Random;

/**
 * Makes an int8 model, with calibration data that comes row by row from a cursor, as from a JDBC ResultSet.
 *
 * <p>usage: java -cp libmo-all.jar Quantize.java MODEL.onnx SMALL.onnx
 */
public class Quantize {
  /** Stands for a query's result: rows that come one by one and are never all in memory. */
  static class Cursor implements Iterator<float[]> {
    private final Random random = new Random(1);
    private final int width;
    private int left;

    Cursor(int rows, int width) {
      this.left = rows;
      this.width = width;
    }

    @Override
    public boolean hasNext() {
      return left > 0;
    }

    @Override
    public float[] next() {
      if (left-- <= 0) {
        throw new NoSuchElementException();
      }
      float[] row = new float[width];
      for (int i = 0; i < width; i++) {
        row[i] = random.nextFloat() * 2 - 1;
      }
      return row;
    }
  }

  public static void main(String[] arguments) {
    try (Model model = Model.load(arguments[0]); Calibration calibration = model.calibration()) {
      Port input = model.inputs().get(0);
      long[] shape = input.shape();
      shape[0] = 1;
      int width = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);

      Iterator<float[]> rows = new Cursor(64, width);
      while (rows.hasNext()) {
        try (Tensor row = Tensor.of(rows.next(), shape); Tensors inputs = Tensors.of(input.name(), row)) {
          calibration.feed(inputs);
        }
      }
      System.out.println("fed " + calibration.count() + " rows");

      QuantizeOptions options = QuantizeOptions.builder().calibrationMethod(QuantizeOptions.CalibrationMethod.MSE).build();
      try (Control control = new Control((stage, done, total) -> {
            System.err.printf("\r%s %d of %d   ", stage, done, total);
            return true; // false would cancel
          });
          Quantized small = model.quantize(calibration, options, control)) {
        System.err.println();
        small.model().save(arguments[1]);
        Report report = model.compare(small.model(), null, CompareOptions.builder().seconds(0.2).build());
        System.out.println(report);
      }
    }
  }
}
