// Acos: y = acos(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Acos {
  template <class T>
  T operator()(T x) const {
    return std::acos(x);
  }
};
}  // namespace

extern const OpDef acos{
    .name = "Acos",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Acos>,
    .cost = elementwise_cost<8>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
