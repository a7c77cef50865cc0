// Atan: y = atan(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Atan {
  template <class T>
  T operator()(T x) const {
    return std::atan(x);
  }
};
}  // namespace

extern const OpDef atan{
    .name = "Atan",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Atan>,
    .cost = elementwise_cost<8>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
