// Not: logical negation.
#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Not {
  template <class T>
  T operator()(T x) const {
    return !x;
  }
};
}  // namespace

extern const OpDef not_{
    .name = "Not",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Not, Booleans>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
