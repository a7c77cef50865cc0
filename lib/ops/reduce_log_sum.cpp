// ReduceLogSum: ln of the sum over axes.
#include "ops/reduce.h"

namespace mo::ops {

namespace {

template <class T>
struct ReduceLogSum {
  using Acc = double;
  static Acc start() { return 0; }
  static void add(Acc& a, Compute<T> x) { a += static_cast<double>(x); }
  static Compute<T> finish(Acc a, int64_t) { return real_as<T>(std::log(a)); }
};

}  // namespace

extern const OpDef reduce_log_sum{
    .name = "ReduceLogSum",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer_reduce,
    .run = run_reduce<ReduceLogSum, Numbers>,
    .cost = cost_per_input,
    .since = 18,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
