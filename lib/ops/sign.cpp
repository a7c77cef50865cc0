// Sign: 1, 0 or -1; NaN stays NaN.
#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Sign {
  template <class T>
  T operator()(T x) const {
    if (x != x) return x;
    return static_cast<T>(x > T(0)) - static_cast<T>(x < T(0));
  }
};
}  // namespace

extern const OpDef sign{
    .name = "Sign",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Sign, Numbers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
