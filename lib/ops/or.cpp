// Or: logical disjunction with broadcasting.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct Or {
  template <class T>
  bool operator()(T a, T b) const {
    return a || b;
  }
};
}  // namespace

extern const OpDef or_{
    .name = "Or",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast_bool,
    .run = run_compare<Or, Booleans>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
};

}  // namespace mo::ops
