// LessOrEqual: a <= b with broadcasting.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct LessOrEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return a <= b;
  }
};
}  // namespace

extern const OpDef less_or_equal{
    .name = "LessOrEqual",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast_bool,
    .run = run_compare<LessOrEqual, Numbers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 12,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
