// BlackmanWindow: w = 0.42 - 0.5 cos(2 pi i / N) + 0.08 cos(4 pi i / N).
#include "ops/cosine_window.h"

namespace mo::ops {

namespace {
void run(Run& c) { run_window(c, 0.42, 0.5, 0.08); }
}  // namespace

extern const OpDef blackman_window{
    .name = "BlackmanWindow",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_window,
    .run = run,
    .since = 17,
};

}  // namespace mo::ops
