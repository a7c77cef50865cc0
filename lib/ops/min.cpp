// Min: the smallest of any number of broadcast inputs; NaN wins.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct Min {
  template <class T>
  T operator()(T a, T b) const {
    return a != a || a < b ? a : b;
  }
  template <class T>
  T finish(T v, double) const {
    return v;
  }
};
}  // namespace

extern const OpDef min{
    .name = "Min",
    .min_inputs = 1,
    .max_inputs = -1,
    .infer = infer_broadcast,
    .run = run_variadic<Min>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 8,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
