// RandomUniform: numbers drawn evenly from [low, high).
#include "ops/random_fill.h"

namespace mo::ops {

namespace {
void run(Run& c) {
  Random random = random_stream(c);
  double low = c.node.f("low", 0.0f), high = c.node.f("high", 1.0f);
  fill_drawn<Floats>(c, dtype_attribute(c.node, "dtype", DType::f32), shape_attribute(c.node), [&] { return random.uniform(low, high); });
}
}  // namespace

extern const OpDef random_uniform{
    .name = "RandomUniform",
    .infer = infer_drawn,
    .run = run,
    .flags = k_random,
    .since_of = random_since,
};

}  // namespace mo::ops
