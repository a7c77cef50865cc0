// HardSwish: y = x * max(0, min(1, x / 6 + 1 / 2)).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct HardSwish {
  template <class T>
  T operator()(T x) const {
    return x * std::fmax(T(0), std::fmin(T(1), x / T(6) + T(0.5)));
  }
};
}  // namespace

extern const OpDef hard_swish{
    .name = "HardSwish",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<HardSwish>,
    .cost = elementwise_cost<5>,
    .flags = k_elementwise,
    .since = 14,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
