package ai.libmo;

import java.nio.file.Path;
import java.nio.file.Paths;

/** The small models that tests run. */
final class Models {
  private Models() {}

  static Path path(String name) {
    return Paths.get(System.getProperty("mo.models"), name + ".onnx");
  }

  static Model add() {
    return Model.load(path("add"));
  }

  static Model classifier() {
    return Model.load(path("classifier"));
  }

  static Tensors images(int batch) {
    float[] data = new float[batch * 3 * 8 * 8];
    for (int i = 0; i < data.length; i++) {
      data[i] = (i * 37 % 255) / 127.5f - 1;
    }
    try (Tensor image = Tensor.of(data, batch, 3, 8, 8)) {
      return Tensors.of("image", image);
    }
  }

  static Calibration calibrated(Model model) {
    Calibration calibration = model.calibration();
    for (int i = 1; i <= 4; i++) {
      try (Tensors images = images(i)) {
        calibration.feed(images);
      }
    }
    return calibration;
  }
}
