// ReduceMin: the smallest over axes, NaN wins; of nothing infinity or the highest value.
#include <limits>

#include "ops/reduce.h"

namespace mo::ops {

namespace {

template <class T>
struct ReduceMin {
  using Acc = std::conditional_t<std::is_same_v<T, bool>, uint8_t, Compute<T>>;  // vector<bool> has no references
  static Acc start() {
    if constexpr (std::numeric_limits<Acc>::has_infinity) return std::numeric_limits<Acc>::infinity();
    else return std::is_same_v<T, bool> ? Acc(1) : std::numeric_limits<Acc>::max();
  }
  static void add(Acc& a, Acc x) {
    if (x < a || x != x) a = x;
  }
  static Acc finish(Acc a, int64_t) { return a; }
};

}  // namespace

extern const OpDef reduce_min{
    .name = "ReduceMin",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer_reduce,
    .run = run_reduce<ReduceMin, NumbersAndBool>,
    .cost = cost_per_input,
    .since = 18,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
