// Binarizer: 1 where x is above the threshold, else 0.
#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Binarizer {
  explicit Binarizer(const Node& n) : threshold(n.f("threshold", 0.0f)) {}
  template <class T>
  T operator()(T x) const {
    return static_cast<double>(x) > threshold ? T(1) : T(0);
  }
  double threshold;
};
}  // namespace

extern const OpDef binarizer{
    .name = "Binarizer",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Binarizer, Types<float, double, int64_t, int32_t>>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 1,
};

}  // namespace mo::ops
