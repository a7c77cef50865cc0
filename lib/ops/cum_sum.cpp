// CumSum: running sums along the axis given by input 1.
#include "ops/cumulative.h"

namespace mo::ops {

namespace {
struct Running {
  static constexpr int k_start = 0;
  template <class A>
  static A apply(A a, A v) {
    return a + v;
  }
};
}  // namespace

extern const OpDef cum_sum{
    .name = "CumSum",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_same,
    .run = run_cumulative<Running, CumulativeKinds>,
    .cost = cost_per_input,
    .since = 11,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
