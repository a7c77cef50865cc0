package ai.libmo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class TensorTest {
  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(floats * 4).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  @Test
  void arraysOfEveryTypeComeBackAsTheyWere() {
    try (Tensor f = Tensor.of(new float[] {1, 2}, 2);
        Tensor d = Tensor.of(new double[] {1, 2}, 1, 2);
        Tensor i = Tensor.of(new int[] {-1, 2}, 2, 1);
        Tensor l = Tensor.of(new long[] {-1, 2}, 2);
        Tensor h = Tensor.of(DataType.FLOAT16, new short[] {0x3c00}, 1);
        Tensor b = Tensor.of(DataType.BOOL, new boolean[] {true, false}, 2)) {
      assertArrayEquals(new float[] {1, 2}, f.floats());
      assertArrayEquals(new double[] {1, 2}, d.doubles());
      assertArrayEquals(new int[] {-1, 2}, i.ints());
      assertArrayEquals(new long[] {-1, 2}, l.longs());
      assertArrayEquals(new byte[] {0, 0x3c}, h.bytes());
      assertArrayEquals(new byte[] {1, 0}, b.bytes());
      assertArrayEquals(new long[] {2, 1}, i.shape());
    }
  }

  @Test
  void textsMayBeEmptyAndOutsideTheBasicPlane() {
    String[] texts = {"a", "", "é\uD83D\uDE00"};
    try (Tensor tensor = Tensor.of(texts, 3)) {
      assertArrayEquals(texts, tensor.strings());
    }
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(new String[] {"a\0b"}, 1));
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(new String[] {null}, 1));
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(new String[] {"\uD83D"}, 1));
  }

  @Test
  void buffersAreReadFromPositionToLimit() {
    FloatBuffer heap = FloatBuffer.wrap(new float[] {0, 1, 2, 3, 4});
    heap.position(1).limit(4);
    FloatBuffer sliced = heap.slice();
    sliced.position(1);
    FloatBuffer off = direct(5);
    off.put(new float[] {0, 1, 2, 3, 4}).position(1).limit(4);
    try (Tensor a = Tensor.of(DataType.FLOAT32, heap, 3);
        Tensor b = Tensor.of(DataType.FLOAT32, off, 3);
        Tensor c = Tensor.of(DataType.FLOAT32, sliced, 2)) {
      assertArrayEquals(new float[] {1, 2, 3}, a.floats());
      assertArrayEquals(new float[] {1, 2, 3}, b.floats());
      assertArrayEquals(new float[] {2, 3}, c.floats());
      assertEquals(1, off.position());
      off.clear();
      off.position(2);
      b.read(off);
      assertEquals(1f, off.get(2));
      assertEquals(3f, off.get(4));
    }
  }

  @Test
  void aViewSharesTheBuffersMemory() {
    FloatBuffer memory = direct(2);
    try (Tensor view = Tensor.view(memory, 2)) {
      memory.put(0, 7);
      assertEquals(7f, view.floats()[0]);
      view.write(new float[] {8, 9});
      assertEquals(9f, memory.get(1));
    }
  }

  @Test
  void whatCannotBeSharedIsRefused() {
    FloatBuffer foreign = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN).asFloatBuffer();
    assertThrows(IllegalArgumentException.class, () -> Tensor.view(FloatBuffer.allocate(2), 2));
    assertThrows(IllegalArgumentException.class, () -> Tensor.view(foreign, 2));
    assertThrows(IllegalArgumentException.class, () -> Tensor.view(direct(2).asReadOnlyBuffer(), 2));
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(DataType.FLOAT32, FloatBuffer.allocate(2).asReadOnlyBuffer(), 2));
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(DataType.FLOAT32, "text", 2));
    assertThrows(NullPointerException.class, () -> Tensor.of((float[]) null, 2));
  }

  @Test
  void wrongSizesAndTypesAreErrorsWithACode() {
    assertEquals(ErrorCode.SHAPE, assertThrows(MoException.class, () -> Tensor.of(new float[3], 2)).code());
    assertEquals(ErrorCode.SHAPE, assertThrows(MoException.class, () -> Tensor.zeros(DataType.INT8, -1)).code());
    try (Tensor tensor = Tensor.of(new float[] {1}, 1)) {
      assertEquals(ErrorCode.TYPE, assertThrows(MoException.class, tensor::longs).code());
      assertEquals(ErrorCode.SHAPE, assertThrows(MoException.class, () -> tensor.read(new float[2])).code());
      assertEquals(ErrorCode.SHAPE, assertThrows(MoException.class, () -> tensor.write(new double[1])).code());
    }
  }

  @Test
  void aScalarHasNoShape() {
    try (Tensor scalar = Tensor.of(new double[] {2.5})) {
      assertArrayEquals(new long[0], scalar.shape());
      assertEquals(1, scalar.elementCount());
      assertEquals("FLOAT64[]", scalar.toString());
    }
  }
}
