// Sigmoid: y = 1 / (1 + exp(-x)).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Sigmoid {
  template <class T>
  T operator()(T x) const {
    return T(1) / (T(1) + std::exp(-x));
  }
};
}  // namespace

extern const OpDef sigmoid{
    .name = "Sigmoid",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Sigmoid>,
    .cost = elementwise_cost<8>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
