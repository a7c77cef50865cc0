package ai.libmo;

/** One native call on several objects: they, the options and the control are held while it lasts. */
final class Call {
  private Call() {}

  interface Body<T> {
    T run(long first, long second, long third, long options, long control);
  }

  static <T> T with(Control control, Options options, NativeObject first, NativeObject second, NativeObject third, Body<T> body) {
    long a = first.handle.acquire();
    try {
      long b = NativeObject.acquire(second);
      try {
        long c = NativeObject.acquire(third);
        try {
          long watch = NativeObject.acquire(control);
          try {
            long settings = Options.open(options);
            try {
              return Control.watch(control, () -> body.run(a, b, c, settings, watch));
            } finally {
              Native.mo_options_free(settings);
            }
          } finally {
            NativeObject.release(control);
          }
        } finally {
          NativeObject.release(third);
        }
      } finally {
        NativeObject.release(second);
      }
    } finally {
      first.handle.release();
    }
  }
}
