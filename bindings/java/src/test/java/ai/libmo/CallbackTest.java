package ai.libmo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CallbackTest {
  @Test
  void progressIsReported() {
    List<String> stages = Collections.synchronizedList(new ArrayList<>());
    try (Model model = Models.classifier(); Calibration calibration = Models.calibrated(model);
        Control control = new Control((stage, done, total) -> stages.add(stage) && done <= Math.max(total, done));
        Quantized small = model.quantize(calibration, null, control)) {
      assertFalse(stages.isEmpty());
      assertTrue(small.report().passed());
    }
  }

  @Test
  void whatAListenerThrowsReachesTheCaller() {
    RuntimeException mine = new RuntimeException("mine");
    try (Model model = Models.classifier(); Calibration calibration = Models.calibrated(model)) {
      for (int i = 0; i < 20; i++) {
        try (Control control = new Control((stage, done, total) -> {
          throw mine;
        })) {
          assertSame(mine, assertThrows(RuntimeException.class, () -> model.quantize(calibration, null, control)));
        }
        try (Control control = new Control((stage, done, total) -> {
          throw new StackOverflowError();
        })) {
          assertThrows(StackOverflowError.class, () -> model.quantize(calibration, null, control));
        }
      }
      model.quantize(calibration, null).close(); // the native side is intact
    }
  }

  @Test
  @SuppressWarnings("try") // closing twice is the point
  void aListenerMayUseAndCloseWhatItIsCalledFor() {
    try (Model model = Models.classifier(); Calibration calibration = Models.calibrated(model)) {
      Control[] control = new Control[1];
      control[0] = new Control((stage, done, total) -> {
        model.close();
        control[0].close();
        return true;
      });
      model.quantize(calibration, null, control[0]).close();
      assertTrue(model.isClosed());
    }
  }

  @Test
  void aSearchAsksTheCallersMetric() {
    RuntimeException mine = new RuntimeException("mine");
    List<Model> seen = new ArrayList<>();
    GoalOptions goal = GoalOptions.builder().maxDrop(0.5).build();
    try (Model model = Models.classifier(); Calibration calibration = Models.calibrated(model); Tensors images = Models.images(1)) {
      try (Quantized kept = model.quantizeToGoal(calibration, null, candidate -> {
            seen.add(candidate);
            try (Session session = candidate.session(); Tensors scores = session.run(images)) {
              return scores.size();
            }
          }, null, goal, null)) {
        assertTrue(kept.report().passed());
        assertFalse(seen.isEmpty());
      }
      assertThrows(IllegalStateException.class, () -> seen.get(0).describe()); // it was lent
      assertSame(mine, assertThrows(RuntimeException.class, () -> model.quantizeToGoal(calibration, null, candidate -> {
        throw mine;
      }, null, goal, null)));
      assertTrue(model.sensitivity(calibration, null, null, null, null, null).json().contains("units"));
    }
  }

  @Test
  void cancelAndDeadlineHaveTheirCodes() {
    try (Model model = Models.classifier(); Calibration calibration = Models.calibrated(model)) {
      try (Control control = new Control((stage, done, total) -> false)) {
        assertEquals(ErrorCode.CANCELLED, assertThrows(MoException.class, () -> model.quantize(calibration, null, control)).code());
      }
      try (Control control = new Control()) {
        control.setDeadline(Duration.ofNanos(1));
        assertEquals(ErrorCode.DEADLINE, assertThrows(MoException.class, () -> model.quantize(calibration, null, control)).code());
      }
    }
  }

  @Test
  void asynchronousWorkCompletes() throws Exception {
    try (Model model = Models.classifier(); Calibration calibration = Models.calibrated(model); Session session = model.session();
        Tensors images = Models.images(2)) {
      try (Quantized small = model.quantizeAsync(calibration, null, null, null).get(60, TimeUnit.SECONDS);
          Tensors scores = session.runAsync(images, null).get(60, TimeUnit.SECONDS)) {
        assertTrue(small.model().toBytes().length < model.toBytes().length);
        assertEquals(List.of("scores"), scores.names());
      }
      assertThrows(CompletionException.class, () -> model.quantizeAsync(null, null, null, Runnable::run).join());
    }
  }

  @Test
  void cancellingATaskStopsTheNativeWork() throws Exception {
    CountDownLatch working = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    try (Model model = Models.add()) {
      Task<Report> task = model.benchmarkAsync(null, BenchmarkOptions.builder().seconds(600).build(), (stage, done, total) -> {
        working.countDown();
        return true;
      }, work -> new Thread(() -> {
        work.run();
        ended.countDown();
      }).start());
      assertTrue(working.await(30, TimeUnit.SECONDS));
      assertTrue(task.cancel(true));
      assertThrows(CancellationException.class, task::join);
      assertTrue(ended.await(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void logLinesArriveUntilTheLogIsTurnedOff() {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    Libmo.setLog(LogLevel.DEBUG, (level, message) -> {
      lines.add(message);
      throw new IllegalStateException("ignored");
    });
    try (Model model = Models.classifier(); Session session = model.session(); Tensors images = Models.images(1)) {
      session.run(images).close();
    } finally {
      Libmo.setLog(LogLevel.OFF, null);
    }
    int count = lines.size();
    try (Model model = Models.classifier(); Session session = model.session(); Tensors images = Models.images(1)) {
      session.run(images).close();
    }
    assertEquals(count, lines.size());
  }
}
