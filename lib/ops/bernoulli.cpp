// Bernoulli: 1 with the probability that the input holds, else 0.
#include "ops/random_fill.h"

namespace mo::ops {

namespace {
void run(Run& c) {
  const Tensor& x = c.in(0);
  require(is_floating(x.dtype()), Code::type, "probabilities of dtype ", name(x.dtype()));
  Random random = random_stream(c);
  int64_t i = 0;
  fill_drawn<NumbersAndBool>(c, dtype_attribute(c.node, "dtype", x.dtype()), x.shape(), [&] { return random.uniform() < x.number(i++) ? 1.0 : 0.0; });
}
}  // namespace

extern const OpDef bernoulli{
    .name = "Bernoulli",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_drawn_like,
    .run = run,
    .flags = k_random,
    .since = 15,
    .since_of = random_since,
};

}  // namespace mo::ops
