// HannWindow: w = 1/2 - 1/2 cos(2 pi i / N).
#include "ops/cosine_window.h"

namespace mo::ops {

namespace {
void run(Run& c) { run_window(c, 0.5, 0.5, 0.0); }
}  // namespace

extern const OpDef hann_window{
    .name = "HannWindow",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_window,
    .run = run,
    .since = 17,
};

}  // namespace mo::ops
