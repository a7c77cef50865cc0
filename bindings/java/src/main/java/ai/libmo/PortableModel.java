package ai.libmo;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/**
 * A model that travels: the bytes of an .onnx file (or a path that every machine can read) and the options, {@link Serializable} for Spark
 * and Flink. On arrival the first {@link #session} call makes it ready to run; tasks of one JVM that hold equal models share one session.
 *
 * <pre>{@code
 * PortableModel model = PortableModel.of(bytes, SessionOptions.builder().threads(1).build());   // on the driver
 * rows.mapPartitions(partition -> {
 *   try (PortableModel.Lease lease = model.session()) {
 *     Session session = lease.session();   // one for all tasks of the executor
 *     ...
 *   }
 * });
 * }</pre>
 */
public final class PortableModel implements Serializable {
  private static final long serialVersionUID = 1;
  private static final Map<String, Shared> SESSIONS = new HashMap<>();

  /** An .onnx file's content, or null. @serial */
  private final byte[] bytes;

  /** A path that every machine can read, or null. @serial */
  private final String path;

  /** Identifies bytes or path. @serial */
  private final String identity;

  /** How to load it. @serial */
  private final LoadOptions loadOptions;

  /** How to run it. @serial */
  private final SessionOptions sessionOptions;

  private PortableModel(byte[] bytes, String path, String identity, LoadOptions loadOptions, SessionOptions sessionOptions) {
    this.bytes = bytes;
    this.path = path;
    this.identity = identity;
    this.loadOptions = loadOptions;
    this.sessionOptions = sessionOptions;
  }

  /**
   * A model in memory.
   *
   * @param model the model, at most 2 GiB; the caller still closes it
   * @param options how sessions are made; null for the defaults
   * @return a value to send
   */
  public static PortableModel of(Model model, SessionOptions options) {
    return new PortableModel(model.toBytes(), null, model.digest(), null, options);
  }

  /**
   * A model in memory.
   *
   * @param bytes an .onnx file's content; they are read once here, so that what is wrong shows before it is sent
   * @param options how sessions are made; null for the defaults
   * @return a value to send
   */
  public static PortableModel of(byte[] bytes, SessionOptions options) {
    try (Model model = Model.load(bytes)) {
      return new PortableModel(bytes.clone(), null, model.digest(), null, options);
    }
  }

  /**
   * A model in a file that every machine can read: the way for models with external data.
   *
   * @param path the file
   * @param loadOptions how it is loaded; null for the defaults
   * @param options how sessions are made; null for the defaults
   * @return a value to send
   */
  public static PortableModel at(String path, LoadOptions loadOptions, SessionOptions options) {
    return new PortableModel(null, path, "path:" + path, loadOptions, options);
  }

  /**
   * The model itself.
   *
   * @return a new model, which the caller closes
   */
  public Model load() {
    return bytes != null ? Model.load(bytes, null, loadOptions) : Model.load(path, loadOptions);
  }

  /**
   * The JVM's session of this model, made at the first call.
   *
   * @return a lease; when the last one is closed the session is
   */
  public Lease session() {
    String key = identity + "\n" + loadOptions + "\n" + sessionOptions;
    Shared shared;
    synchronized (SESSIONS) {
      shared = SESSIONS.computeIfAbsent(key, k -> new Shared());
      shared.leases++;
    }
    synchronized (shared) { // others wait for the one who makes it; other models do not
      if (shared.session == null) {
        try (Model model = load()) {
          shared.session = model.session(sessionOptions);
        } catch (RuntimeException | Error e) {
          giveBack(key, shared);
          throw e;
        }
      }
    }
    return new Lease(key, shared);
  }

  private static void giveBack(String key, Shared shared) {
    Session last = null;
    synchronized (SESSIONS) {
      if (--shared.leases == 0) {
        SESSIONS.remove(key);
        last = shared.session;
      }
    }
    if (last != null) {
      last.close();
    }
  }

  private static final class Shared {
    private int leases;
    private Session session;
  }

  /** The use of a shared session, until it is closed. */
  public static final class Lease implements AutoCloseable {
    private final String key;
    private final Shared shared;
    private final Session session;
    private boolean closed;

    private Lease(String key, Shared shared) {
      this.key = key;
      this.shared = shared;
      this.session = shared.session;
    }

    /**
     * The session, which many threads may run at once.
     *
     * @return the session; it is closed with the last lease, not by its user
     */
    public Session session() {
      if (closed) {
        throw new IllegalStateException("lease is closed");
      }
      return session;
    }

    /** Gives the session back. Closing twice does nothing. */
    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        giveBack(key, shared);
      }
    }
  }
}
