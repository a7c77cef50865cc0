// Atanh: y = atanh(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Atanh {
  template <class T>
  T operator()(T x) const {
    return std::atanh(x);
  }
};
}  // namespace

extern const OpDef atanh{
    .name = "Atanh",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Atanh>,
    .cost = elementwise_cost<10>,
    .flags = k_elementwise,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
