// IsInf: true where x is infinite, of the signs asked for.
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct IsInf {
  explicit IsInf(const Node& n) : negative(n.i("detect_negative", 1) != 0), positive(n.i("detect_positive", 1) != 0) {}
  template <class T>
  bool operator()(T x) const {
    return std::isinf(x) && (x > T(0) ? positive : negative);
  }
  bool negative, positive;
};
}  // namespace

extern const OpDef is_inf{
    .name = "IsInf",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same_as_bool,
    .run = run_predicate<IsInf, FloatsAndFloat8>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 10,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
