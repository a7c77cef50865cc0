// Sum: the sum of any number of broadcast inputs.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct Sum {
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
  template <class T>
  T finish(T v, double) const {
    return v;
  }
};
}  // namespace

extern const OpDef sum{
    .name = "Sum",
    .min_inputs = 1,
    .max_inputs = -1,
    .infer = infer_broadcast,
    .run = run_variadic<Sum, Floats>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 8,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
