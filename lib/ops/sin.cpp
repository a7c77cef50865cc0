// Sin: y = sin(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Sin {
  template <class T>
  T operator()(T x) const {
    return std::sin(x);
  }
};
}  // namespace

extern const OpDef sin{
    .name = "Sin",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Sin>,
    .cost = elementwise_cost<8>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
