// Erf: y = erf(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Erf {
  template <class T>
  T operator()(T x) const {
    return std::erf(x);
  }
};
}  // namespace

extern const OpDef erf{
    .name = "Erf",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Erf>,
    .cost = elementwise_cost<10>,
    .flags = k_elementwise,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
