// Celu: y = max(0, x) + min(0, alpha * (exp(x / alpha) - 1)).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Celu {
  explicit Celu(const Node& n) : alpha(n.f("alpha", 1.0f)) {}
  template <class T>
  T operator()(T x) const {
    return std::fmax(T(0), x) + std::fmin(T(0), T(alpha) * std::expm1(x / T(alpha)));
  }
  float alpha;
};
}  // namespace

extern const OpDef celu{
    .name = "Celu",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Celu>,
    .cost = elementwise_cost<10>,
    .flags = k_elementwise,
    .since = 12,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
