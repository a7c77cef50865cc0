package ai.libmo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Many objects, many threads, a busy collector. A test takes a second or two; with MO_STRESS=full in the environment it takes what docs/java.md says. */
class StressTest {
  private static final boolean FULL = "full".equals(System.getenv("MO_STRESS"));
  private static final SessionOptions SINGLE = SessionOptions.builder().threads(1).build();

  private interface Work {
    void once(int i);
  }

  private static int count(int full, int brief) {
    return FULL ? full : brief;
  }

  private static void say(String text) {
    System.out.println("stress: " + text);
  }

  private static void collect() {
    System.gc();
    System.runFinalization();
  }

  private static long residentKb() throws Exception {
    for (String line : Files.readAllLines(Paths.get("/proc/self/status"))) {
      if (line.startsWith("VmRSS")) {
        return Long.parseLong(line.replaceAll("\\D+", ""));
      }
    }
    return 0;
  }

  /** Of ten samples of resident memory, no later one is 8 MB above the first. The heap has one size (pom.xml), so what grows is native. */
  private static void flat(String what, int count, Work work) throws Exception {
    assumeFalse(System.getenv("MO_SANITIZED") != null, "a sanitizer keeps what was freed");
    long[] resident = new long[10];
    long start = System.nanoTime();
    for (int sample = 0; sample < 10; sample++) {
      for (int i = 0; i < count / 10; i++) {
        work.once(sample * (count / 10) + i);
      }
      collect();
      resident[sample] = residentKb();
    }
    double each = (System.nanoTime() - start) / 1000.0 / count;
    say(String.format("%,d %s made and closed, %.1f us each, resident kB %s", count, what, each, Arrays.toString(resident)));
    long most = Arrays.stream(resident, 1, 10).max().getAsLong();
    assertTrue(most - resident[0] < 8 * 1024, what + " made and closed grow: resident kB " + Arrays.toString(resident));
  }

  @Test
  void tensorsMadeAndClosedStayFlat() throws Exception {
    float[] data = new float[256];
    flat("tensors", count(1_000_000, 50_000), i -> Tensor.of(data, 16, 16).close());
  }

  @Test
  void collectionsOfTensorsMadeAndClosedStayFlat() throws Exception {
    try (Tensor tensor = Tensor.of(new float[256], 256)) {
      flat("collections of two tensors", count(1_000_000, 20_000), i -> Tensors.of("one", tensor, "two", tensor).close());
    }
  }

  @Test
  void optionsMadeAndClosedStayFlat() throws Exception {
    flat("options", count(1_000_000, 10_000), i -> SessionOptions.builder().threads(1 + i % 4).build());
  }

  @Test
  void controlsWithListenersMadeAndClosedStayFlat() throws Exception {
    flat("controls with a listener", count(1_000_000, 20_000), i -> new Control((stage, done, total) -> true).close());
  }

  @Test
  void sessionsMadeAndClosedStayFlat() throws Exception {
    try (Model model = Models.add()) {
      flat("sessions", count(1_000_000, 2_000), i -> model.session(SINGLE).close());
    }
  }

  @Test
  void tenThousandForgottenObjectsAreFreed() throws Exception {
    try (Model model = Models.add()) {
      List<Handle> handles = new ArrayList<>();
      float[] data = new float[16384];
      for (int i = 0; i < 10_000; i++) {
        NativeObject forgotten = i % 4 == 0 ? Tensor.of(data, 16384)
            : i % 4 == 1 ? new Tensors()
            : i % 4 == 2 ? model.session(SINGLE)
            : new Control((stage, done, total) -> true);
        handles.add(forgotten.handle);
      }
      long start = System.nanoTime();
      long freed = 0;
      for (int i = 0; i < 200 && freed < handles.size(); i++) {
        collect();
        Thread.sleep(10);
        freed = handles.stream().filter(Handle::isClosed).count();
      }
      say(String.format("%,d of %,d forgotten objects freed in %.1f s, resident %,d kB", freed, handles.size(), (System.nanoTime() - start) / 1e9, residentKb()));
      assertEquals(handles.size(), freed);
    }
  }

  /** Runs of 16 threads on one session whose result is not the first one's bit for bit. */
  private static long different(int runs) throws Exception {
    AtomicLong equal = new AtomicLong();
    try (Model model = Models.classifier(); Session session = model.session(SINGLE); Tensors images = Models.images(1);
        Tensors first = session.run(images); Tensor wanted = first.get("scores")) {
      byte[] bytes = wanted.bytes();
      List<Thread> threads = new ArrayList<>();
      long start = System.nanoTime();
      for (int t = 0; t < 16; t++) {
        Thread thread = new Thread(() -> {
          try (Tensor y = Tensor.zeros(DataType.FLOAT32, 1, 10); Tensors outputs = Tensors.of("scores", y)) {
            byte[] got = new byte[bytes.length];
            for (int i = 0; i < runs; i++) {
              session.runInto(images, outputs);
              y.read(got);
              if (Arrays.equals(bytes, got)) {
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
      say(String.format("16 threads x %,d runs: %,d equal results, %.1f s", runs, equal.get(), (System.nanoTime() - start) / 1e9));
    }
    return 16L * runs - equal.get();
  }

  @Test
  void sixteenThreadsOnOneSessionAgree() throws Exception {
    assertEquals(0, different(count(100_000, 1_000)));
  }

  /** The collector moves arrays and frees what nobody refers to, while calls are on their way. */
  @Test
  void runsWhileTheCollectorIsBusyAgree() throws Exception {
    AtomicLong collections = new AtomicLong();
    Thread collector = new Thread(() -> {
      while (!Thread.interrupted()) {
        System.gc();
        collections.incrementAndGet();
      }
    });
    collector.start();
    try (Model model = Models.add(); Session session = model.session(SINGLE)) {
      assertEquals(0, different(count(5_000, 200)));
      for (int i = 0; i < count(20_000, 1_000); i++) { // forgotten at once: the view, its buffer, the collections, the outputs
        FloatBuffer memory = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder()).asFloatBuffer();
        memory.put(3, i);
        assertEquals(i + 1f, session.run(Tensors.of("x", Tensor.view(memory, 16))).get("y").floats()[3]);
      }
    } finally {
      collector.interrupt();
      collector.join();
      say(String.format("%,d collections meanwhile", collections.get()));
    }
  }
}
