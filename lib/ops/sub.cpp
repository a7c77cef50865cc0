// Sub: y = a - b with broadcasting; integers wrap.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct Sub {
  template <class T>
  T operator()(T a, T b) const {
    return wrap_sub(a, b);
  }
};
}  // namespace

extern const OpDef sub{
    .name = "Sub",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast,
    .run = run_binary<Sub>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
