// BitwiseNot: every bit flipped.
#include "ops/unary.h"

namespace mo::ops {

namespace {
struct BitwiseNot {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(~x);
  }
};
}  // namespace

extern const OpDef bitwise_not{
    .name = "BitwiseNot",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<BitwiseNot, Integers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 18,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
