package ai.libmo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CloseTest {
  @Test
  void everyClosedObjectThrows() {
    Model model = Models.classifier();
    Session session = model.session();
    Calibration calibration = model.calibration();
    Tensors images = Models.images(1);
    Dataset dataset = Dataset.of(images, null);
    Control control = new Control();
    Tensor tensor = images.get("image");
    List<NativeObject> all = List.of(model, session, calibration, images, dataset, control, tensor);
    for (NativeObject object : all) {
      assertFalse(object.isClosed());
      object.close();
      object.close();
      assertTrue(object.isClosed());
    }
    assertThrows(IllegalStateException.class, model::describe);
    assertThrows(IllegalStateException.class, model::session);
    assertThrows(IllegalStateException.class, () -> model.quantize(null, null));
    assertThrows(IllegalStateException.class, () -> session.run(images));
    assertThrows(IllegalStateException.class, () -> calibration.feed(images));
    assertThrows(IllegalStateException.class, images::names);
    assertThrows(IllegalStateException.class, dataset::next);
    assertThrows(IllegalStateException.class, control::cancel);
    assertEquals("tensor is closed", assertThrows(IllegalStateException.class, tensor::shape).getMessage());
    try (Model open = Models.classifier(); Session running = open.session(); Tensors inputs = Models.images(1)) {
      assertThrows(IllegalStateException.class, () -> running.run(images));
      assertThrows(IllegalStateException.class, () -> running.runInto(inputs, images));
      assertThrows(IllegalStateException.class, () -> running.run(inputs, control));
      running.run(inputs).close(); // whatever a refused call had acquired was given back
    }
  }

  @Test
  void closingWhileThreadsRunEndsInAnException() throws Exception {
    for (int round = 0; round < 20; round++) {
      AtomicInteger runs = new AtomicInteger();
      List<Throwable> ends = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      CountDownLatch started = new CountDownLatch(4);
      try (Model model = Models.classifier()) {
        Session session = model.session(SessionOptions.builder().threads(1).build());
        for (int i = 0; i < 4; i++) {
          Thread thread = new Thread(() -> {
            try (Tensors images = Models.images(1)) {
              for (;;) {
                session.run(images).close();
                runs.incrementAndGet();
                started.countDown();
              }
            } catch (Throwable e) {
              synchronized (ends) {
                ends.add(e);
              }
            }
          });
          thread.start();
          threads.add(thread);
        }
        started.await();
        session.close();
        for (Thread thread : threads) {
          thread.join();
        }
      }
      assertEquals(4, ends.size());
      for (Throwable end : ends) {
        assertEquals(IllegalStateException.class, end.getClass());
      }
      assertTrue(runs.get() > 0);
    }
  }

  @Test
  void changingWhatAnotherThreadUsesIsRefused() throws Exception {
    try (Model model = Models.classifier(); Tensors images = Models.images(1); Tensor tensor = images.get("image")) {
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch leave = new CountDownLatch(1);
      AtomicReference<Throwable> failure = new AtomicReference<>();
      long address = images.handle.acquire(); // as a run does
      Thread other = new Thread(() -> {
        try {
          images.set("other", tensor);
        } catch (Throwable e) {
          failure.set(e);
        }
        inside.countDown();
      });
      other.start();
      inside.await();
      leave.countDown();
      other.join();
      assertTrue(address != 0);
      images.handle.release();
      assertEquals(ErrorCode.BUSY, ((MoException) failure.get()).code());
      images.set("other", tensor);
      assertEquals(List.of("image", "other"), images.names());
      assertEquals(ErrorCode.BUSY, assertThrows(MoException.class, () -> model.session().runInto(images, images)).code());
    }
  }

  @Test
  void forgottenObjectsAreFreed() throws Exception {
    AtomicInteger freed = new AtomicInteger();
    for (int i = 0; i < 10_000; i++) {
      new Handle(new Object(), "thing", i + 1, address -> freed.incrementAndGet());
    }
    for (int i = 0; i < 100 && freed.get() < 10_000; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertEquals(10_000, freed.get());
  }

  @Test
  void memoryUnderAViewLivesAsLongAsTheView() throws Exception {
    try (Model model = Models.add(); Session session = model.session()) {
      List<Tensors> inputs = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        java.nio.FloatBuffer memory = java.nio.ByteBuffer.allocateDirect(4096 * 4).order(java.nio.ByteOrder.nativeOrder()).asFloatBuffer();
        memory.put(0, i);
        try (Tensor view = Tensor.view(memory, 4096)) {
          inputs.add(Tensors.of("x", view));
        }
      }
      System.gc();
      Thread.sleep(50);
      for (int i = 0; i < 200; i++) { // memory that was freed would be reused by now
        java.nio.ByteBuffer.allocateDirect(4096 * 4);
      }
      for (int i = 0; i < inputs.size(); i++) {
        try (Tensors x = inputs.get(i); Tensors y = session.run(x); Tensor tensor = y.get("y")) {
          assertEquals(i + 1f, tensor.floats()[0]);
        }
      }
    }
  }
}
