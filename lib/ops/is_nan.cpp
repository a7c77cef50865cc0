// IsNaN: true where x is not a number.
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct IsNaN {
  template <class T>
  bool operator()(T x) const {
    return std::isnan(x);
  }
};
}  // namespace

extern const OpDef is_nan{
    .name = "IsNaN",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same_as_bool,
    .run = run_predicate<IsNaN, FloatsAndFloat8>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
