// Asin: y = asin(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Asin {
  template <class T>
  T operator()(T x) const {
    return std::asin(x);
  }
};
}  // namespace

extern const OpDef asin{
    .name = "Asin",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Asin>,
    .cost = elementwise_cost<8>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
