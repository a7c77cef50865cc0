// BitwiseOr: a | b with broadcasting.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct BitwiseOr {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};
}  // namespace

extern const OpDef bitwise_or{
    .name = "BitwiseOr",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast,
    .run = run_binary<BitwiseOr, Integers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 18,
};

}  // namespace mo::ops
