// Mean: the mean of any number of broadcast inputs.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct Mean {
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
  template <class T>
  T finish(T v, double count) const {
    return static_cast<T>(v / static_cast<T>(count));
  }
};
}  // namespace

extern const OpDef mean{
    .name = "Mean",
    .min_inputs = 1,
    .max_inputs = -1,
    .infer = infer_broadcast,
    .run = run_variadic<Mean, Floats>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 8,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
