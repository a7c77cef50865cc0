// LeakyRelu: y = x for x >= 0, alpha * x below.
#include "ops/unary.h"

namespace mo::ops {

namespace {
struct LeakyRelu {
  explicit LeakyRelu(const Node& n) : alpha(n.f("alpha", 0.01f)) {}
  template <class T>
  T operator()(T x) const {
    return x < T(0) ? T(alpha) * x : x;
  }
  float alpha;
};
}  // namespace

extern const OpDef leaky_relu{
    .name = "LeakyRelu",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<LeakyRelu>,
    .cost = elementwise_cost<2>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
