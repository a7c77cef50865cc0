// And: logical conjunction with broadcasting.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct And {
  template <class T>
  bool operator()(T a, T b) const {
    return a && b;
  }
};
}  // namespace

extern const OpDef and_{
    .name = "And",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast_bool,
    .run = run_compare<And, Booleans>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
};

}  // namespace mo::ops
