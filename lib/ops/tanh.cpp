// Tanh: y = tanh(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Tanh {
  template <class T>
  T operator()(T x) const {
    return std::tanh(x);
  }
};
}  // namespace

extern const OpDef tanh{
    .name = "Tanh",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Tanh>,
    .cost = elementwise_cost<8>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
