// ReduceProd: the product over axes; of nothing 1.
#include "ops/reduce.h"

namespace mo::ops {

namespace {

template <class T>
struct ReduceProd {
  using Acc = Sum<T>;
  static Acc start() { return 1; }
  static void add(Acc& a, Compute<T> x) { a *= static_cast<Acc>(x); }
  static Compute<T> finish(Acc a, int64_t) { return static_cast<Compute<T>>(a); }
};

}  // namespace

extern const OpDef reduce_prod{
    .name = "ReduceProd",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer_reduce,
    .run = run_reduce<ReduceProd, Numbers>,
    .cost = cost_per_input,
    .since = 18,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
