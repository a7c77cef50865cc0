// Greater: a > b with broadcasting.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct Greater {
  template <class T>
  bool operator()(T a, T b) const {
    return a > b;
  }
};
}  // namespace

extern const OpDef greater{
    .name = "Greater",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast_bool,
    .run = run_compare<Greater, Numbers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
