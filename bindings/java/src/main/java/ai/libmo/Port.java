package ai.libmo;

import java.util.Arrays;

/** An input or output that a model declares. A value: it needs no closing. */
public final class Port {
  private final String name;
  private final DataType type;
  private final long[] shape;
  private final boolean optional;

  Port(long port) {
    name = Native.mo_port_name(port);
    type = DataType.of(Native.mo_port_dtype(port));
    long rank = Native.mo_port_rank(port);
    shape = rank < 0 ? null : new long[(int) rank];
    for (int i = 0; i < rank; i++) {
      shape[i] = Native.mo_port_dim(port, i);
    }
    optional = Native.mo_port_optional(port) != 0;
  }

  /**
   * The name under which {@link Tensors} holds it.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * The type of the elements.
   *
   * @return the type, {@link DataType#UNDEFINED} when the model leaves it open
   */
  public DataType dataType() {
    return type;
  }

  /**
   * The sizes, outermost first.
   *
   * @return a copy, -1 where the caller chooses; null when the model leaves even their number open
   */
  public long[] shape() {
    return shape == null ? null : shape.clone();
  }

  /**
   * Whether it may be left out because the model has a default for it.
   *
   * @return true for an input with a default
   */
  public boolean isOptional() {
    return optional;
  }

  @Override
  public String toString() {
    return name + ": " + type + (shape == null ? "" : Arrays.toString(shape));
  }
}
