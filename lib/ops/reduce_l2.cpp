// ReduceL2: the root of the sum of squares over axes.
#include "ops/reduce.h"

namespace mo::ops {

namespace {

template <class T>
struct ReduceL2 {
  using Acc = double;
  static Acc start() { return 0; }
  static void add(Acc& a, Compute<T> x) { a += static_cast<double>(x) * static_cast<double>(x); }
  static Compute<T> finish(Acc a, int64_t) { return real_as<T>(std::sqrt(a)); }
};

}  // namespace

extern const OpDef reduce_l2{
    .name = "ReduceL2",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer_reduce,
    .run = run_reduce<ReduceL2, Numbers>,
    .cost = cost_per_input,
    .since = 18,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
