// Reciprocal: y = 1 / x.
#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Reciprocal {
  template <class T>
  T operator()(T x) const {
    return T(1) / x;
  }
};
}  // namespace

extern const OpDef reciprocal{
    .name = "Reciprocal",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Reciprocal>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
