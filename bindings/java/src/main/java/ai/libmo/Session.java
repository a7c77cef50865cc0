package ai.libmo;

import java.lang.ref.Reference;
import java.util.concurrent.Executor;

/** A model made ready to run. Many threads may run one session at once. */
public final class Session extends NativeObject {
  Session(long address) {
    super("session", address, Native::mo_session_free);
  }

  /**
   * Makes a file's model ready to run. Nobody else holds that model, so weights that are released are never in memory twice.
   *
   * @param path the file, any Unicode whatever the JVM's file encoding
   * @param options null for the defaults
   * @return a new session
   */
  public static Session load(String path, SessionOptions options) {
    return load(path, options, null);
  }

  /**
   * Makes a file's model ready to run. Nobody else holds that model, so weights that are released are never in memory twice.
   *
   * @param path the file, any Unicode whatever the JVM's file encoding
   * @param options null for the defaults
   * @param loadOptions of reading the file; null for the defaults
   * @return a new session
   */
  public static Session load(String path, SessionOptions options, LoadOptions loadOptions) {
    long reading = Options.open(loadOptions);
    try {
      long settings = Options.open(options);
      try {
        long[] out = new long[1];
        Native.mo_session_load(path, reading, settings, out);
        return new Session(out[0]);
      } finally {
        Native.mo_options_free(settings);
      }
    } finally {
      Native.mo_options_free(reading);
    }
  }

  /**
   * Runs once.
   *
   * @param inputs every input that has no default, by name
   * @return the outputs, which the caller closes
   */
  public Tensors run(Tensors inputs) {
    return run(inputs, null);
  }

  /**
   * Runs once.
   *
   * @param inputs every input that has no default, by name
   * @param control progress, cancellation and deadline; null for none
   * @return the outputs, which the caller closes
   */
  public Tensors run(Tensors inputs, Control control) {
    return Call.with(control, null, this, inputs, null, (session, tensors, ignored, settings, watch) -> {
      long[] out = new long[1];
      Native.mo_session_run(session, tensors, watch, out);
      return new Tensors(out[0], inputs.memory());
    });
  }

  /**
   * {@link #run(Tensors) run} on another thread.
   *
   * @param inputs every input that has no default, by name
   * @param executor runs it; null for a thread of libmo
   * @return the outputs to come; cancelling it stops the work
   */
  public Task<Tensors> runAsync(Tensors inputs, Executor executor) {
    return Task.start(null, executor, control -> run(inputs, control));
  }

  /**
   * Runs once and writes into tensors that are there already. In the steady state (same shapes, every output there) nothing is allocated, and
   * with {@link Tensor#view views} nothing is copied.
   *
   * @param inputs every input that has no default, by name
   * @param outputs tensors of the type and shape that the run makes; outputs that are missing are added
   */
  public void runInto(Tensors inputs, Tensors outputs) {
    runInto(inputs, outputs, null);
  }

  /**
   * {@link #runInto(Tensors, Tensors) runInto} with progress, cancellation and deadline.
   *
   * @param inputs every input that has no default, by name
   * @param outputs tensors of the type and shape that the run makes; outputs that are missing are added
   * @param control null for none
   */
  public void runInto(Tensors inputs, Tensors outputs, Control control) {
    long session = handle.acquire();
    try {
      long in = inputs.handle.acquire();
      try {
        long out = outputs.handle.acquireExclusive();
        try {
          if (control == null) {
            Native.mo_session_run_into(session, in, 0, out);
          } else {
            runWatched(session, in, out, control);
          }
        } finally {
          outputs.handle.releaseExclusive();
        }
      } finally {
        inputs.handle.release();
      }
    } finally {
      handle.release();
      Reference.reachabilityFence(inputs); // and with them the buffers that views lie on
      Reference.reachabilityFence(outputs);
    }
  }

  private static void runWatched(long session, long in, long out, Control control) {
    long watch = control.handle.acquire();
    try {
      Control.watch(control, () -> {
        Native.mo_session_run_into(session, in, watch, out);
        return null;
      });
    } finally {
      control.handle.release();
    }
  }

  /**
   * Which kernel runs each node, what was fused, and why faster kernels declined.
   *
   * @return a JSON object about the shapes run last
   */
  public String explainJson() {
    return text(Native::mo_session_explain_json);
  }

  /**
   * The same for people.
   *
   * @return aligned lines
   */
  public String explain() {
    return text(Native::mo_session_explain_text);
  }

  /**
   * Memory in use.
   *
   * @return a JSON object with arena_bytes, packed_bytes, weight_bytes, peak_rss_bytes, plans, contexts, packs_made, packs_mapped
   */
  public String memory() {
    return text(Native::mo_session_memory_json);
  }

  /**
   * The time of each node.
   *
   * @param inputs every input that has no default, by name
   * @param iterations runs to measure over, at least 1
   * @return a JSON object
   */
  public String profile(Tensors inputs, int iterations) {
    return Call.with(null, null, this, inputs, null, (session, tensors, ignored, settings, watch) -> {
      long[] out = new long[1];
      Native.mo_session_profile_json(session, tensors, iterations, out);
      return takeText(out);
    });
  }

  private interface Query {
    void ask(long session, long[] out);
  }

  private String text(Query query) {
    long address = handle.acquire();
    try {
      long[] out = new long[1];
      query.ask(address, out);
      return takeText(out);
    } finally {
      handle.release();
    }
  }
}
