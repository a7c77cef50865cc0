// Asinh: y = asinh(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Asinh {
  template <class T>
  T operator()(T x) const {
    return std::asinh(x);
  }
};
}  // namespace

extern const OpDef asinh{
    .name = "Asinh",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Asinh>,
    .cost = elementwise_cost<10>,
    .flags = k_elementwise,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
