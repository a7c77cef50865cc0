// ReduceLogSumExp: ln of the sum of exp over axes, relative to the largest value seen so that exp never overflows.
#include "ops/reduce.h"

namespace mo::ops {

namespace {

template <class T>
struct ReduceLogSumExp {
  struct Acc {
    double top, sum;  // sum of exp(x - top)
  };
  static Acc start() { return {-HUGE_VAL, 0}; }
  static void add(Acc& a, Compute<T> v) {
    double x = static_cast<double>(v);
    if (x == a.top) a.sum += 1;  // equal infinities too
    else if (x < a.top) a.sum += std::exp(x - a.top);
    else a = {x, a.sum * std::exp(a.top - x) + 1};
  }
  static Compute<T> finish(Acc a, int64_t) { return real_as<T>(a.top + std::log(a.sum)); }
};

}  // namespace

extern const OpDef reduce_log_sum_exp{
    .name = "ReduceLogSumExp",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer_reduce,
    .run = run_reduce<ReduceLogSumExp, Numbers>,
    .cost = cost_per_input,
    .since = 18,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
