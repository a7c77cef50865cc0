// Selu: y = gamma * x for x > 0, gamma * alpha * (exp(x) - 1) otherwise.
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Selu {
  explicit Selu(const Node& n) : alpha(n.f("alpha", 1.67326319217681884765625f)), gamma(n.f("gamma", 1.05070102214813232421875f)) {}
  template <class T>
  T operator()(T x) const {
    return x > T(0) ? T(gamma) * x : T(gamma) * (T(alpha) * std::exp(x) - T(alpha));
  }
  float alpha, gamma;
};
}  // namespace

extern const OpDef selu{
    .name = "Selu",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Selu>,
    .cost = elementwise_cost<8>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
