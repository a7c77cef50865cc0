// ThresholdedRelu: y = x for x > alpha, 0 otherwise.
#include "ops/unary.h"

namespace mo::ops {

namespace {
struct ThresholdedRelu {
  explicit ThresholdedRelu(const Node& n) : alpha(n.f("alpha", 1.0f)) {}
  template <class T>
  T operator()(T x) const {
    return x > T(alpha) ? x : T(0);
  }
  float alpha;
};
}  // namespace

extern const OpDef thresholded_relu{
    .name = "ThresholdedRelu",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<ThresholdedRelu>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 10,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
