import ai.libmo.BenchmarkOptions;
import ai.libmo.Calibration;
import ai.libmo.CompareOptions;
import ai.libmo.Control;
import ai.libmo.DataType;
import ai.libmo.Dataset;
import ai.libmo.DatasetOptions;
import ai.libmo.ErrorCode;
import ai.libmo.EvaluateOptions;
import ai.libmo.Libmo;
import ai.libmo.MoException;
import ai.libmo.Model;
import ai.libmo.Port;
import ai.libmo.QuantizeOptions;
import ai.libmo.Quantized;
import ai.libmo.Session;
import ai.libmo.SessionOptions;
import ai.libmo.Tensor;
import ai.libmo.Tensors;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The conformance list in Java, see ../README.md. usage: java -cp libmo.jar Conformance.java MODELS */
public final class Conformance {
  private static final PrintStream OUT = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false, StandardCharsets.UTF_8);
  private static int number;

  private static void line(String name, Object result) {
    OUT.printf("%02d %s: %s%n", ++number, name, result);
  }

  private static void line(String name, boolean result) {
    line(name, result ? "1" : "0");
  }

  private static String hash(byte[] bytes) {
    long h = 0xcbf29ce484222325L;
    for (byte b : bytes) {
      h = (h ^ (b & 0xff)) * 1099511628211L;
    }
    return String.format("%d bytes %016x", bytes.length, h);
  }

  private static String hash(String text) {
    return hash(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void error(String name, Runnable work) {
    try {
      work.run();
      line(name, "no error");
    } catch (MoException e) {
      line(name, e.code() + " '" + e.getMessage() + "' node '" + e.node() + "' op '" + e.operator() + "'");
    }
  }

  private static void refused(String name, Runnable work) {
    try {
      work.run();
      line(name, "accepted");
    } catch (IllegalStateException e) {
      line(name, "refused");
    }
  }

  private static void tensor(String name, Tensor tensor) {
    line(name, tensor.dataType().number() + " " + Arrays.toString(tensor.shape()) + " " + hash(tensor.bytes()));
  }

  private static void named(String name, Tensors tensors, String which) {
    try (Tensor tensor = tensors.get(which)) {
      tensor(name, tensor);
    }
  }

  private static void port(String name, Port port) {
    line(name, port.name() + " " + port.dataType().number() + " " + Arrays.toString(port.shape()) + " " + (port.isOptional() ? 1 : 0));
  }

  private static Tensor ramp(int seed, long... shape) {
    float[] data = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) ((i * 37 + seed * 11) % 255 / 127.5 - 1.0);
    }
    return Tensor.of(data, shape);
  }

  private static Tensors one(String name, Tensor tensor) {
    try (tensor) {
      return Tensors.of(name, tensor);
    }
  }

  private static Tensors images(int seed, int batch) {
    return one("image", ramp(seed, batch, 3, 8, 8));
  }

  private static void library() {
    line("version", Libmo.version());
    line("abi", Libmo.abiVersion());
    line("error codes", Arrays.stream(ErrorCode.values()).filter(c -> c != ErrorCode.UNKNOWN).map(c -> c + "=" + c.number()).collect(Collectors.joining(" ")));
    line("element types", Arrays.stream(DataType.values()).skip(1).map(t -> t + "=" + t.number()).collect(Collectors.joining(" ")));
  }

  private static void options() {
    line("operations", hash(Libmo.describeOptions(null)));
    line("schema of quantize", hash(Libmo.describeOptions("quantize")));
    error("schema of nothing", () -> Libmo.describeOptions("nothing"));
    line("options as JSON", QuantizeOptions.builder().calibrationMethod(QuantizeOptions.CalibrationMethod.PERCENTILE).calibrationPercentile(99.5)
        .activationSymmetric(true).seed(7).exclude("first", "head").build().json());
    error("unknown key", () -> QuantizeOptions.builder().set("sead", 1).build());
    error("value out of range", () -> QuantizeOptions.builder().calibrationPercentile(200).build());
    error("value not a choice", () -> QuantizeOptions.builder().precision("int7").build());
    error("value of another type", () -> QuantizeOptions.builder().set("seed", "many").build());
    line("options from YAML", QuantizeOptions.parse("calibration:\n  method: mse\nexclude: [head]\n").json());
    error("malformed options", () -> QuantizeOptions.parse("{\"seed\": "));
  }

  private static void tensors() {
    float[] data = {0, 0.5f, -1, 2, 3.25f, -0.0f};
    try (Tensor t = Tensor.of(data, 2, 3); Tensors ts = new Tensors()) {
      tensor("tensor of floats", t);
      data[0] = 9;
      t.write(data);
      tensor("tensor written to", t);
      error("read with a wrong size", () -> t.read(new float[5]));
      error("too few bytes", () -> Tensor.of(new float[5], 2, 3));
      error("negative size", () -> Tensor.zeros(DataType.FLOAT32, -1));
      try (Tensor zeros = Tensor.zeros(DataType.INT64, 4); Tensor scalar = Tensor.of(new double[] {2.5});
          Tensor texts = Tensor.of(new String[] {"a", "", "é\uD83D\uDE00"}, 3)) {
        tensor("zeros", zeros);
        tensor("scalar", scalar);
        tensor("texts", texts);
        ts.set("c", t).set("a", t).set("b", texts);
      }
      line("names in order", String.join(" ", ts.names()));
      ts.set("b", t);
      line("replaced, not added", ts.size());
      named("tensor that replaced", ts, "b");
      error("name that is not there", () -> ts.get("d"));
      error("empty name", () -> ts.set("", t));
      ts.save("tensors \uD83D\uDE00.npz");
      try (Tensors loaded = Tensors.load("tensors \uD83D\uDE00.npz")) {
        line("saved and loaded on a path with an emoji", String.join(" ", loaded.names()));
        named("tensor saved and loaded", loaded, "a");
      }
    }
    error("file that is not there", () -> Tensors.load("missing.npz"));
  }

  private static void models(Path path, Model model) throws Exception {
    line("description", hash(model.describe()));
    line("digest", model.digest());
    port("input", model.inputs().get(0));
    port("output", model.outputs().get(0));
    byte[] bytes = Files.readAllBytes(path);
    try (Model other = Model.load(bytes)) {
      line("digest of the same bytes", other.digest());
    }
    error("half a file", () -> Model.load(Arrays.copyOf(bytes, bytes.length / 2)));
    error("no model", () -> Model.load("missing.onnx"));
    model.save("saved.onnx");
    line("saved file", hash(Files.readAllBytes(Paths.get("saved.onnx"))));
    line("saved bytes", hash(model.toBytes()));
    try (Model other = model.withMetadata("author", "Jürgen")) {
      line("metadata", other.metadata("author"));
    }
    error("metadata that is not there", () -> model.metadata("author"));
  }

  private static void sessions(Model model, Model add) {
    try (Session s = add.session(); Tensors in = one("x", Tensor.of(new float[] {1.5f, -1, 0}, 3))) {
      try (Tensors out = s.run(in)) {
        line("outputs", String.join(" ", out.names()));
        named("one more than the input", out, "y");
      }
      try (Tensors out = one("y", Tensor.zeros(DataType.FLOAT32, 3))) {
        s.runInto(in, out);
        named("written into a tensor", out, "y");
      }
      try (Tensors out = one("y", Tensor.zeros(DataType.FLOAT32, 2))) {
        error("written into a tensor of another shape", () -> s.runInto(in, out));
      }
      try (Tensors other = one("x", Tensor.zeros(DataType.INT32, 3))) {
        error("input of another type", () -> s.run(other));
      }
    }
    try (Session s = model.session(SessionOptions.builder().threads(1).build()); Tensors in = images(1, 2); Tensors none = new Tensors();
        Tensors picture = one("picture", ramp(1, 2, 3, 8, 7)); Tensors narrow = one("image", ramp(1, 2, 3, 8, 7))) {
      for (String name : new String[] {"scores", "scores again"}) {
        try (Tensors out = s.run(in)) {
          named(name, out, "scores");
        }
      }
      line("explanation", s.explain().contains("first") ? "names the node" : "does not name the node");
      error("input of another name", () -> s.run(picture));
      error("input of another shape", () -> s.run(narrow));
      error("no input", () -> s.run(none));
    }
  }

  private static Dataset samples(int count, int batch) {
    long[] truth = new long[count];
    for (int i = 0; i < count; i++) {
      truth[i] = i % 10;
    }
    try (Tensors arrays = images(5, count); Tensor label = Tensor.of(truth, count)) {
      return Dataset.of(arrays.set("label", label), DatasetOptions.builder().batchSize(batch).build());
    }
  }

  private static void datasets() {
    try (Dataset d = samples(10, 4)) {
      line("samples", d.count());
      try (Dataset.Batch batch = d.next()) {
        named("first batch", batch.inputs(), "image");
        tensor("its labels", batch.label());
      }
      int batches = 1;
      for (Dataset.Batch batch = d.next(); batch != null; batch = d.next()) {
        batch.close();
        batches++;
      }
      line("batches", batches);
      d.rewind();
      try (Dataset.Batch batch = d.next()) {
        named("first batch after rewinding", batch.inputs(), "image");
      }
    }
    error("data set that is not there", () -> Dataset.open("missing.npz", null));
  }

  private static void quantization(Model model, Model add) throws Exception {
    try (Calibration all = model.calibration(); Calibration half = model.calibration()) {
      error("calibration without data", () -> model.quantize(all, null));
      error("no calibration", () -> model.quantize(null, null));
      for (int i = 0; i < 4; i++) {
        try (Tensors in = images(i, 4)) {
          (i < 2 ? all : half).feed(in);
        }
      }
      line("samples fed", all.count());
      line("samples after merging", all.merge(half).count());
      all.save("statistics");
      line("saved statistics", hash(Files.readAllBytes(Paths.get("statistics"))));
      error("statistics of another model", () -> Calibration.load("statistics", add));
      try (Calibration loaded = Calibration.load("statistics", model)) {
        line("samples loaded", loaded.count());
      }
      QuantizeOptions options = QuantizeOptions.builder().threads(1).build();
      StringBuilder stages = new StringBuilder();
      String[] now = {""};
      try (Control control = new Control((stage, done, total) -> {
        if (!now[0].equals(stage)) {
          stages.append(stages.length() == 0 ? "" : ", ").append(stage);
        }
        now[0] = stage;
        return true;
      }); Quantized small = model.quantize(all, options, control)) {
        line("stages", stages);
        line("quantize passed", small.report().passed());
        line("int8 model", hash(small.model().toBytes()));
        try (Session s = small.model().session(); Tensors in = images(1, 2); Tensors out = s.run(in)) {
          named("scores of the int8 model", out, "scores");
        }
      }
      try (Control control = new Control((stage, done, total) -> false)) {
        error("progress that cancels", () -> model.quantize(all, options, control));
      }
      try (Control control = new Control()) {
        control.cancel();
        error("cancelled before", () -> model.quantize(all, options, control));
      }
      try (Control control = new Control()) {
        control.setDeadline(Duration.ofNanos(1));
        error("deadline passed", () -> model.quantize(all, options, control));
      }
      try (Quantized small = model.quantize(null, QuantizeOptions.builder().precision(QuantizeOptions.Precision.FP16).build())) {
        line("fp16 model", hash(small.model().toBytes()));
      }
    }
  }

  private static void measures(Model model) {
    try (Dataset d = samples(10, 4)) {
      line("gate met", model.evaluate(d, EvaluateOptions.builder().minimum(0.99).build()).passed());
      line("compare passed", model.compare(model, d, CompareOptions.builder().seconds(0.01).build()).passed());
      line("benchmark passed", model.benchmark(null, BenchmarkOptions.builder().runs(3).build()).passed());
    }
  }

  private static void closed(Path path) {
    Model model = Model.load(path);
    Session session = model.session();
    Calibration calibration = model.calibration();
    session.close();
    model.close();
    calibration.close();
    try (Tensors in = images(1, 1)) {
      refused("run of a closed session", () -> session.run(in));
      refused("description of a closed model", model::describe);
      refused("closed calibration fed", () -> calibration.feed(in));
    }
    session.close();
    line("closed twice", "ok");
  }

  /** Runs the list. */
  public static void main(String[] arguments) throws Exception {
    Path path = Paths.get(arguments[0], "classifier.onnx");
    library();
    options();
    tensors();
    try (Model model = Model.load(path); Model add = Model.load(Paths.get(arguments[0], "add.onnx"))) {
      models(path, model);
      sessions(model, add);
      datasets();
      quantization(model, add);
      measures(model);
    }
    closed(path);
    OUT.println(number + " checks");
    OUT.flush();
  }
}
