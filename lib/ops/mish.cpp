// Mish: y = x * tanh(softplus(x)).
#include <algorithm>
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Mish {
  template <class T>
  T operator()(T x) const {
    return x * std::tanh(std::max(x, T(0)) + std::log1p(std::exp(-std::fabs(x))));
  }
};
}  // namespace

extern const OpDef mish{
    .name = "Mish",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Mish>,
    .cost = elementwise_cost<20>,
    .flags = k_elementwise,
    .since = 18,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
