// RandomNormal: normal numbers of the given mean and standard deviation.
#include "ops/random_fill.h"

namespace mo::ops {

namespace {
void run(Run& c) {
  Random random = random_stream(c);
  double mean = c.node.f("mean", 0.0f), scale = c.node.f("scale", 1.0f);
  fill_drawn<Floats>(c, dtype_attribute(c.node, "dtype", DType::f32), shape_attribute(c.node), [&] { return mean + scale * random.normal(); });
}
}  // namespace

extern const OpDef random_normal{
    .name = "RandomNormal",
    .infer = infer_drawn,
    .run = run,
    .flags = k_random,
    .since_of = random_since,
};

}  // namespace mo::ops
