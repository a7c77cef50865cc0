// Round: to the nearest integer, halves to even.
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Round {
  template <class T>
  T operator()(T x) const {
    return std::nearbyint(x);
  }
};
}  // namespace

extern const OpDef round{
    .name = "Round",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Round>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 11,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
