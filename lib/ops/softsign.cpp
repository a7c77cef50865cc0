// Softsign: y = x / (1 + |x|).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Softsign {
  template <class T>
  T operator()(T x) const {
    return x / (T(1) + std::fabs(x));
  }
};
}  // namespace

extern const OpDef softsign{
    .name = "Softsign",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Softsign>,
    .cost = elementwise_cost<3>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
