// Acosh: y = acosh(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Acosh {
  template <class T>
  T operator()(T x) const {
    return std::acosh(x);
  }
};
}  // namespace

extern const OpDef acosh{
    .name = "Acosh",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Acosh>,
    .cost = elementwise_cost<10>,
    .flags = k_elementwise,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
