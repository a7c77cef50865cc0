// Log: y = log(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Log {
  template <class T>
  T operator()(T x) const {
    return std::log(x);
  }
};
}  // namespace

extern const OpDef log{
    .name = "Log",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Log>,
    .cost = elementwise_cost<6>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
