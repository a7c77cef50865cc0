// Swish: y = x * sigmoid(alpha * x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Swish {
  explicit Swish(const Node& n) : alpha(n.f("alpha", 1.0f)) {}
  template <class T>
  T operator()(T x) const {
    return x / (T(1) + std::exp(-T(alpha) * x));
  }
  float alpha;
};
}  // namespace

extern const OpDef swish{
    .name = "Swish",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Swish>,
    .cost = elementwise_cost<9>,
    .flags = k_elementwise,
    .since = 24,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
