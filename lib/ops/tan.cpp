// Tan: y = tan(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Tan {
  template <class T>
  T operator()(T x) const {
    return std::tan(x);
  }
};
}  // namespace

extern const OpDef tan{
    .name = "Tan",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Tan>,
    .cost = elementwise_cost<10>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
