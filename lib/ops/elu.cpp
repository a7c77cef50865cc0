// Elu: y = x for x >= 0, alpha * (exp(x) - 1) below.
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Elu {
  explicit Elu(const Node& n) : alpha(n.f("alpha", 1.0f)) {}
  template <class T>
  T operator()(T x) const {
    return x < T(0) ? T(alpha) * std::expm1(x) : x;
  }
  float alpha;
};
}  // namespace

extern const OpDef elu{
    .name = "Elu",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Elu>,
    .cost = elementwise_cost<8>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
