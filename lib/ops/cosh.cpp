// Cosh: y = cosh(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Cosh {
  template <class T>
  T operator()(T x) const {
    return std::cosh(x);
  }
};
}  // namespace

extern const OpDef cosh{
    .name = "Cosh",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Cosh>,
    .cost = elementwise_cost<10>,
    .flags = k_elementwise,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
