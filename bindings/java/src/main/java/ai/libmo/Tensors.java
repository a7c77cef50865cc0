package ai.libmo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Tensors by name, in order: what goes into a run and comes out of it. It may be read from many threads or changed by one. */
public final class Tensors extends NativeObject {
  /** Memory of the caller that the tensors lie on, by name; null while there is none. */
  private Map<String, Object[]> borrowed;

  /** What all tensors here may lie on, because they came out of an operation on it. */
  private final Object[] source;

  /** An empty collection. */
  public Tensors() {
    this(create(), null);
  }

  Tensors(long address, Object[] source) {
    super("tensors", address, Native::mo_tensors_free);
    this.source = source;
  }

  private static long create() {
    long[] out = new long[1];
    Native.mo_tensors_create(out);
    return out[0];
  }

  /**
   * A collection of one tensor.
   *
   * @param name its name
   * @param tensor shared, not copied; the caller still closes it
   * @return a new collection
   */
  public static Tensors of(String name, Tensor tensor) {
    return new Tensors().set(name, tensor);
  }

  /**
   * A collection of two tensors.
   *
   * @param name1 the first name
   * @param tensor1 shared, not copied; the caller still closes it
   * @param name2 the second name
   * @param tensor2 shared, not copied; the caller still closes it
   * @return a new collection
   */
  public static Tensors of(String name1, Tensor tensor1, String name2, Tensor tensor2) {
    return of(name1, tensor1).set(name2, tensor2);
  }

  /**
   * Reads an .npz file (NumPy): one array per name.
   *
   * @param path the file
   * @return a new collection
   */
  public static Tensors load(Path path) {
    return load(path.toString());
  }

  /**
   * Reads an .npz file (NumPy): one array per name.
   *
   * @param path the file, any Unicode whatever the JVM's file encoding
   * @return a new collection
   */
  public static Tensors load(String path) {
    long[] out = new long[1];
    Native.mo_tensors_load(path, 0, out);
    return new Tensors(out[0], null);
  }

  /**
   * Writes an .npz file, whole or not at all.
   *
   * @param path the file
   */
  public void save(Path path) {
    save(path.toString());
  }

  /**
   * Writes an .npz file, whole or not at all.
   *
   * @param path the file, any Unicode whatever the JVM's file encoding
   */
  public void save(String path) {
    long address = handle.acquire();
    try {
      Native.mo_tensors_save(address, path);
    } finally {
      handle.release();
    }
  }

  /**
   * Puts a tensor under a name, in place of one that had it.
   *
   * @param name the name
   * @param tensor shared, not copied; the caller still closes it
   * @return this collection
   */
  public Tensors set(String name, Tensor tensor) {
    long address = handle.acquireExclusive();
    try {
      long other = tensor.handle.acquire();
      try {
        Native.mo_tensors_set(address, name, other);
      } finally {
        tensor.handle.release();
      }
      if (tensor.borrowed != null) {
        borrowed = borrowed == null ? new HashMap<>() : borrowed;
        borrowed.put(name, tensor.borrowed);
      } else if (borrowed != null) {
        borrowed.remove(name);
      }
    } finally {
      handle.releaseExclusive();
    }
    return this;
  }

  /**
   * The tensor with a name.
   *
   * @param name the name
   * @return a new handle on it, which the caller closes
   * @throws MoException with {@link ErrorCode#NOT_FOUND} when there is none
   */
  public Tensor get(String name) {
    long address = handle.acquire();
    try {
      long[] out = new long[1];
      Native.mo_tensors_get(address, name, out);
      return new Tensor(out[0], memory());
    } finally {
      handle.release();
    }
  }

  /**
   * How many tensors there are.
   *
   * @return the number
   */
  public int size() {
    long address = handle.acquire();
    try {
      return (int) Native.mo_tensors_count(address);
    } finally {
      handle.release();
    }
  }

  /**
   * The names, in order of insertion.
   *
   * @return a list that does not change
   */
  public List<String> names() {
    long address = handle.acquire();
    try {
      long count = Native.mo_tensors_count(address);
      List<String> names = new ArrayList<>((int) count);
      for (long i = 0; i < count; i++) {
        names.add(Native.mo_tensors_name(address, i));
      }
      return Collections.unmodifiableList(names);
    } finally {
      handle.release();
    }
  }

  /** The caller's memory that tensors here may lie on, each once, to be kept by whatever shares them; null when there is none. */
  Object[] memory() {
    if (borrowed == null) {
      return source;
    }
    Set<Object> all = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Object[] buffers : borrowed.values()) {
      Collections.addAll(all, buffers);
    }
    if (source != null) {
      Collections.addAll(all, source);
    }
    return all.toArray();
  }

  @Override
  public String toString() {
    return isClosed() ? "closed tensors" : names().toString();
  }
}
