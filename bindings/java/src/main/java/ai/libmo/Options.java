package ai.libmo;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Settings of one operation, checked when they are built. A value: immutable, serializable, no native memory. The subclasses and their
 * builders are generated from the library's own list of options.
 */
public abstract class Options implements Serializable {
  private static final long serialVersionUID = 1;

  /** The operation's name. @serial */
  private final String operation;

  /** What differs from the defaults, as JSON. @serial */
  private final String json;

  Options(String operation, Builder<?, ?> builder) {
    this.operation = operation;
    this.json = builder.check(operation);
  }

  /**
   * What differs from the defaults.
   *
   * @return a JSON object that {@code parse} reads
   */
  public final String json() {
    return json;
  }

  @Override
  public final boolean equals(Object other) {
    return other instanceof Options && ((Options) other).operation.equals(operation) && ((Options) other).json.equals(json);
  }

  @Override
  public final int hashCode() {
    return operation.hashCode() * 31 + json.hashCode();
  }

  @Override
  public final String toString() {
    return operation + json;
  }

  /** A native copy for one call, 0 for null or all defaults; the caller frees it. */
  static long open(Options options) {
    if (options == null || options.json.equals("{}")) {
      return 0;
    }
    long[] out = new long[1];
    Native.mo_options_create(options.operation, out);
    try {
      Native.mo_options_parse(out[0], options.json);
      return out[0];
    } catch (RuntimeException e) {
      Native.mo_options_free(out[0]);
      throw e;
    }
  }

  /**
   * Collects settings; {@link #build} checks them.
   *
   * @param <O> the options it builds
   * @param <B> the builder itself
   */
  public abstract static class Builder<O extends Options, B extends Builder<O, B>> {
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final List<String> texts = new ArrayList<>();

    Builder() {}

    /**
     * Sets any option by its key.
     *
     * @param key as in {@link Libmo#describeOptions}
     * @param value a String, Number, Boolean or List of String
     * @return this builder
     */
    @SuppressWarnings("unchecked")
    public B set(String key, Object value) {
      values.put(key, value);
      return (B) this;
    }

    /**
     * Takes settings from text; single settings come after it, whatever the order of calls.
     *
     * @param jsonOrYaml a JSON object or a YAML mapping
     * @return this builder
     */
    @SuppressWarnings("unchecked")
    public B parse(String jsonOrYaml) {
      texts.add(jsonOrYaml);
      return (B) this;
    }

    /**
     * Checks the settings.
     *
     * @return the options
     * @throws MoException for an unknown key or an illegal value, naming the nearest legal ones
     */
    public abstract O build();

    @SuppressWarnings("unchecked")
    private String check(String operation) {
      long[] options = new long[1];
      Native.mo_options_create(operation, options);
      try {
        for (String text : texts) {
          Native.mo_options_parse(options[0], text);
        }
        for (Map.Entry<String, Object> entry : values.entrySet()) {
          String key = entry.getKey();
          Object value = entry.getValue();
          if (value instanceof Boolean) {
            Native.mo_options_set_bool(options[0], key, (Boolean) value ? 1 : 0);
          } else if (value instanceof Double || value instanceof Float) {
            Native.mo_options_set_double(options[0], key, ((Number) value).doubleValue());
          } else if (value instanceof Number) {
            Native.mo_options_set_int(options[0], key, ((Number) value).longValue());
          } else if (value instanceof List) {
            Native.mo_options_set_strings(options[0], key, (List<String>) value);
          } else {
            Native.mo_options_set_string(options[0], key, String.valueOf(value));
          }
        }
        long[] json = new long[1];
        Native.mo_options_json(options[0], json);
        return NativeObject.takeText(json).trim();
      } finally {
        Native.mo_options_free(options[0]);
      }
    }
  }
}
