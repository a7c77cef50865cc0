// HammingWindow: w = 25/46 - 21/46 cos(2 pi i / N).
#include "ops/cosine_window.h"

namespace mo::ops {

namespace {
void run(Run& c) { run_window(c, 25.0 / 46.0, 21.0 / 46.0, 0.0); }
}  // namespace

extern const OpDef hamming_window{
    .name = "HammingWindow",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_window,
    .run = run,
    .since = 17,
};

}  // namespace mo::ops
