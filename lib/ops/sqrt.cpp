// Sqrt: y = sqrt(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Sqrt {
  template <class T>
  T operator()(T x) const {
    return std::sqrt(x);
  }
};
}  // namespace

extern const OpDef sqrt{
    .name = "Sqrt",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Sqrt>,
    .cost = elementwise_cost<2>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
