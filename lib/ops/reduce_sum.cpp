// ReduceSum: the sum over axes; of nothing 0.
#include "ops/reduce.h"

namespace mo::ops {

namespace {

template <class T>
struct ReduceSum {
  using Acc = Sum<T>;
  static Acc start() { return 0; }
  static void add(Acc& a, Compute<T> x) { a += static_cast<Acc>(x); }
  static Compute<T> finish(Acc a, int64_t) { return static_cast<Compute<T>>(a); }
};

}  // namespace

extern const OpDef reduce_sum{
    .name = "ReduceSum",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer_reduce,
    .run = run_reduce<ReduceSum, Numbers>,
    .cost = cost_per_input,
    .since = 13,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
