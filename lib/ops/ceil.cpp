// Ceil: y = ceil(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Ceil {
  template <class T>
  T operator()(T x) const {
    return std::ceil(x);
  }
};
}  // namespace

extern const OpDef ceil{
    .name = "Ceil",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Ceil>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
