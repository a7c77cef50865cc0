// GreaterOrEqual: a >= b with broadcasting.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct GreaterOrEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return a >= b;
  }
};
}  // namespace

extern const OpDef greater_or_equal{
    .name = "GreaterOrEqual",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast_bool,
    .run = run_compare<GreaterOrEqual, Numbers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 12,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
