// Exp: y = exp(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Exp {
  template <class T>
  T operator()(T x) const {
    return std::exp(x);
  }
};
}  // namespace

extern const OpDef exp{
    .name = "Exp",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Exp>,
    .cost = elementwise_cost<6>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
