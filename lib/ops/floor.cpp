// Floor: y = floor(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Floor {
  template <class T>
  T operator()(T x) const {
    return std::floor(x);
  }
};
}  // namespace

extern const OpDef floor{
    .name = "Floor",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Floor>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
