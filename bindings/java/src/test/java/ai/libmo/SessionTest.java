package ai.libmo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionTest {
  @Test
  void aRunIntoViewsWritesToTheCallersMemory() {
    FloatBuffer x = ByteBuffer.allocateDirect(12).order(ByteOrder.nativeOrder()).asFloatBuffer();
    FloatBuffer y = ByteBuffer.allocateDirect(12).order(ByteOrder.nativeOrder()).asFloatBuffer();
    try (Model model = Models.add(); Session session = model.session(); Tensor in = Tensor.view(x, 3); Tensor out = Tensor.view(y, 3);
        Tensors inputs = Tensors.of("x", in); Tensors outputs = Tensors.of("y", out)) {
      for (int i = 0; i < 5; i++) {
        x.put(1, i);
        session.runInto(inputs, outputs);
        assertEquals(i + 1f, y.get(1));
      }
    }
  }

  @Test
  void aSessionOutlivesItsModel() {
    Session session;
    try (Model model = Models.classifier()) {
      session = model.session();
    }
    try (Session closing = session; Tensors images = Models.images(3); Tensors out = closing.run(images); Tensor scores = out.get("scores")) {
      assertArrayEquals(new long[] {3, 10}, scores.shape());
      assertTrue(closing.explain().contains("first"));
      assertTrue(closing.explainJson().startsWith("{"));
      assertTrue(closing.memory().contains("arena_bytes"));
      assertTrue(closing.profile(images, 2).startsWith("{"));
    }
  }

  @Test
  void errorsNameWhatIsWrong() {
    try (Model model = Models.classifier(); Session session = model.session(); Tensors images = Models.images(1); Tensor image = images.get("image");
        Tensors wrong = Tensors.of("picture", image)) {
      MoException error = assertThrows(MoException.class, () -> session.run(wrong));
      assertEquals(ErrorCode.NOT_FOUND, error.code());
      assertTrue(error.getMessage().contains("image"), error.getMessage());
    }
  }

  @Test
  void errorsOfANodeNameItAndItsOperator() throws Exception {
    byte[] bytes = Files.readAllBytes(Models.path("classifier"));
    String text = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).replace("Relu", "Relq");
    MoException error = assertThrows(MoException.class, () -> {
      try (Model model = Model.load(text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)); Session session = model.session();
          Tensors images = Models.images(1)) {
        session.run(images).close();
      }
    });
    assertEquals("first_relu", error.node());
    assertEquals("Relq", error.operator());
    assertTrue(error.getMessage().contains("unknown"), error.getMessage());
  }

  @Test
  void threadsShareASession() throws Exception {
    try (Model model = Models.classifier(); Session session = model.session(SessionOptions.builder().threads(1).build()); Tensors images = Models.images(1)) {
      float[] wanted;
      try (Tensors out = session.run(images); Tensor scores = out.get("scores")) {
        wanted = scores.floats();
      }
      AtomicInteger equal = new AtomicInteger();
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 16; t++) {
        Thread thread = new Thread(() -> {
          for (int i = 0; i < 100; i++) {
            try (Tensors out = session.run(images); Tensor scores = out.get("scores")) {
              if (java.util.Arrays.equals(wanted, scores.floats())) {
                equal.incrementAndGet();
              }
            }
          }
        });
        thread.start();
        threads.add(thread);
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(1600, equal.get());
    }
  }

  @Test
  void aModelTellsWhatItIs(@TempDir Path folder) throws Exception {
    Path copy = folder.resolve("copy.onnx");
    try (Model model = Models.classifier()) {
      assertEquals("image: FLOAT32[-1, 3, 8, 8]", model.inputs().get(0).toString());
      assertEquals("scores", model.outputs().get(0).name());
      model.save(copy);
      byte[] bytes = Files.readAllBytes(copy);
      assertArrayEquals(bytes, model.toBytes());
      ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length + 1);
      direct.put((byte) 0).put(bytes).position(1);
      try (Model a = Model.load(bytes); Model b = Model.load(direct, null, null); Model c = a.withMetadata("author", "Jürgen")) {
        assertEquals(model.digest(), a.digest());
        assertEquals(model.digest(), b.digest());
        assertEquals("Jürgen", c.metadata("author"));
        assertEquals(ErrorCode.NOT_FOUND, assertThrows(MoException.class, () -> a.metadata("author")).code());
      }
      assertTrue(model.describe().contains("\"macs\""));
    }
  }

  @Test
  void aPathMayHoldAnEmoji(@TempDir Path folder) {
    String path = folder + "/\uD83D\uDE00 é.npz";
    try (Tensors images = Models.images(2)) {
      images.save(path);
      try (Tensors loaded = Tensors.load(path)) {
        assertEquals(List.of("image"), loaded.names());
      }
    }
  }

  @Test
  void aDataSetGivesBatchesToTheEnd() {
    try (Tensors arrays = Models.images(10); Tensor label = Tensor.of(new long[10], 10)) {
      arrays.set("label", label);
      try (Dataset dataset = Dataset.of(arrays, DatasetOptions.builder().batchSize(4).build()); Model model = Models.classifier()) {
        assertEquals(10, dataset.count());
        List<Long> sizes = new ArrayList<>();
        for (Dataset.Batch batch = dataset.next(); batch != null; batch = dataset.next()) {
          sizes.add(batch.label().elementCount());
          batch.close();
        }
        assertEquals(List.of(4L, 4L, 2L), sizes);
        assertNull(dataset.next());
        dataset.rewind();
        dataset.next().close();
        Report report = model.evaluate(dataset, EvaluateOptions.builder().minimum(1.0).build());
        assertEquals(false, report.passed());
        assertTrue(report.json().contains("\"samples\""));
        assertTrue(model.compare(model, dataset, CompareOptions.builder().seconds(0.01).build()).passed());
        assertTrue(model.calibration().feed(dataset, null).count() == 10);
      }
    }
  }

  @Test
  void calibrationsMergeAndTravelByFile(@TempDir Path folder) {
    try (Model model = Models.classifier(); Model other = Models.add(); Calibration a = Models.calibrated(model); Calibration b = Models.calibrated(model)) {
      assertEquals(20, a.merge(b).count());
      a.save(folder.resolve("statistics"));
      try (Calibration loaded = Calibration.load(folder.resolve("statistics"), model)) {
        assertEquals(20, loaded.count());
      }
      assertThrows(MoException.class, () -> Calibration.load(folder.resolve("statistics"), other));
    }
  }

  @Test
  @SuppressWarnings("try") // closing twice is the point
  void aPortableModelSharesOneSessionPerJvm() throws Exception {
    PortableModel sent;
    try (Model model = Models.classifier()) {
      sent = PortableModel.of(model, SessionOptions.builder().threads(1).build());
    }
    PortableModel one = (PortableModel) OptionsTest.copy(sent);
    PortableModel two = (PortableModel) OptionsTest.copy(sent);
    Session session;
    try (PortableModel.Lease a = one.session(); PortableModel.Lease b = two.session(); Tensors images = Models.images(1)) {
      session = a.session();
      assertSame(session, b.session());
      session.run(images).close();
      a.close();
      assertThrows(IllegalStateException.class, a::session);
      session.run(images).close();
    }
    assertTrue(session.isClosed());
    try (PortableModel.Lease again = one.session()) {
      assertTrue(!again.session().isClosed());
    }
    assertThrows(MoException.class, () -> PortableModel.of(new byte[] {1, 2, 3}, null));
    assertThrows(MoException.class, () -> PortableModel.at("/missing.onnx", null, null).session());
  }
}
