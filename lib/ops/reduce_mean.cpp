// ReduceMean: the mean over axes; of nothing NaN (0 for integers).
#include "ops/reduce.h"

namespace mo::ops {

namespace {

template <class T>
struct ReduceMean {
  using Acc = double;
  static Acc start() { return 0; }
  static void add(Acc& a, Compute<T> x) { a += static_cast<double>(x); }
  static Compute<T> finish(Acc a, int64_t count) { return real_as<T>(a / static_cast<double>(count)); }
};

}  // namespace

extern const OpDef reduce_mean{
    .name = "ReduceMean",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer_reduce,
    .run = run_reduce<ReduceMean, Numbers>,
    .cost = cost_per_input,
    .since = 18,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
