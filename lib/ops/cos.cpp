// Cos: y = cos(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Cos {
  template <class T>
  T operator()(T x) const {
    return std::cos(x);
  }
};
}  // namespace

extern const OpDef cos{
    .name = "Cos",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Cos>,
    .cost = elementwise_cost<8>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
