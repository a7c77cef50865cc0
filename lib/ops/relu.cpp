// Relu: y = max(0, x).
#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Relu {
  template <class T>
  T operator()(T x) const {
    return x < T(0) ? T(0) : x;
  }
};
}  // namespace

extern const OpDef relu{
    .name = "Relu",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Relu, SignedNumbers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
