package ai.libmo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OptionsTest {
  static Object copy(Object object) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return in.readObject();
    }
  }

  @Test
  void buildersTakeEveryTypeOfValue() {
    QuantizeOptions options = QuantizeOptions.builder().calibrationMethod(QuantizeOptions.CalibrationMethod.ENTROPY).calibrationPercentile(99.5)
        .activationSymmetric(true).exclude("first", "head").seed(7).build();
    assertEquals("{\"calibration.method\":\"entropy\",\"calibration.percentile\":99.5,\"activation_symmetric\":true,\"exclude\":[\"first\",\"head\"],\"seed\":7}",
        options.json());
    assertEquals(options, QuantizeOptions.parse(options.json()));
    assertNotEquals(options, QuantizeOptions.builder().build());
  }

  @Test
  void whatIsWrongIsSaidWhenBuilding() {
    MoException error = assertThrows(MoException.class, () -> QuantizeOptions.builder().set("sead", 1).build());
    assertEquals(ErrorCode.INVALID_ARGUMENT, error.code());
    assertTrue(error.getMessage().contains("did you mean seed"), error.getMessage());
    assertThrows(MoException.class, () -> QuantizeOptions.builder().calibrationPercentile(200).build());
    assertThrows(MoException.class, () -> QuantizeOptions.builder().precision("int7").build());
    assertThrows(MoException.class, () -> QuantizeOptions.parse("{"));
  }

  @Test
  void optionsTravel() throws Exception {
    SessionOptions options = SessionOptions.builder().threads(3).disabledPasses("a").build();
    assertEquals(options, copy(options));
    assertEquals(options.hashCode(), copy(options).hashCode());
  }

  @Test
  void errorCodesAndTypesAreThoseOfTheHeader() throws Exception {
    Set<Integer> codes = new HashSet<>();
    Arrays.stream(ErrorCode.values()).forEach(code -> codes.add(code.number()));
    Set<Integer> types = new HashSet<>();
    Arrays.stream(DataType.values()).forEach(type -> types.add(type.number()));
    for (java.lang.reflect.Field field : NativeConstants.class.getDeclaredFields()) {
      String name = field.getName();
      int value = field.getInt(null);
      if (name.startsWith("MO_ERR_")) {
        assertEquals(name.substring(7), ErrorCode.of(value).name());
        assertTrue(codes.remove(value));
      } else if (name.startsWith("MO_DTYPE_")) {
        assertEquals(name.substring(9), DataType.of(value).name());
        assertTrue(types.remove(value));
      }
    }
    assertEquals(Set.of(-1), codes);
    assertEquals(Set.of(), types);
  }

  @Test
  void aMoExceptionTravels() throws Exception {
    MoException error = assertThrows(MoException.class, () -> Model.load("missing.onnx"));
    MoException other = (MoException) copy(error);
    assertEquals(error.code(), other.code());
    assertEquals(error.getMessage(), other.getMessage());
  }
}
