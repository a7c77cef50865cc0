// RandomUniformLike: numbers drawn evenly from [low, high), in the shape (and dtype) of the input.
#include "ops/random_fill.h"

namespace mo::ops {

namespace {
void run(Run& c) {
  Random random = random_stream(c);
  double low = c.node.f("low", 0.0f), high = c.node.f("high", 1.0f);
  fill_drawn<Floats>(c, dtype_attribute(c.node, "dtype", c.dtype(0)), c.in(0).shape(), [&] { return random.uniform(low, high); });
}
}  // namespace

extern const OpDef random_uniform_like{
    .name = "RandomUniformLike",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_drawn_like,
    .run = run,
    .flags = k_random,
    .since_of = random_since,
};

}  // namespace mo::ops
