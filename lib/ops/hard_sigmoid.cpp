// HardSigmoid: y = max(0, min(1, alpha * x + beta)).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct HardSigmoid {
  explicit HardSigmoid(const Node& n) : alpha(n.f("alpha", 0.2f)), beta(n.f("beta", 0.5f)) {}
  template <class T>
  T operator()(T x) const {
    return std::fmax(T(0), std::fmin(T(1), T(alpha) * x + T(beta)));
  }
  float alpha, beta;
};
}  // namespace

extern const OpDef hard_sigmoid{
    .name = "HardSigmoid",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<HardSigmoid>,
    .cost = elementwise_cost<4>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
