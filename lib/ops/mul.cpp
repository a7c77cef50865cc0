// Mul: y = a * b with broadcasting; integers wrap.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct Mul {
  template <class T>
  T operator()(T a, T b) const {
    return wrap_mul(a, b);
  }
};
}  // namespace

extern const OpDef mul{
    .name = "Mul",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast,
    .run = run_binary<Mul>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
