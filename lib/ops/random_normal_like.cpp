// RandomNormalLike: normal numbers in the shape (and dtype) of the input.
#include "ops/random_fill.h"

namespace mo::ops {

namespace {
void run(Run& c) {
  Random random = random_stream(c);
  double mean = c.node.f("mean", 0.0f), scale = c.node.f("scale", 1.0f);
  fill_drawn<Floats>(c, dtype_attribute(c.node, "dtype", c.dtype(0)), c.in(0).shape(), [&] { return mean + scale * random.normal(); });
}
}  // namespace

extern const OpDef random_normal_like{
    .name = "RandomNormalLike",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_drawn_like,
    .run = run,
    .flags = k_random,
    .since_of = random_since,
};

}  // namespace mo::ops
