// Softplus: y = ln(1 + exp(x)), written so that exp never overflows.
#include <algorithm>
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Softplus {
  template <class T>
  T operator()(T x) const {
    return std::max(x, T(0)) + std::log1p(std::exp(-std::fabs(x)));
  }
};
}  // namespace

extern const OpDef softplus{
    .name = "Softplus",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Softplus>,
    .cost = elementwise_cost<12>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
