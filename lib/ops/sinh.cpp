// Sinh: y = sinh(x).
#include <cmath>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Sinh {
  template <class T>
  T operator()(T x) const {
    return std::sinh(x);
  }
};
}  // namespace

extern const OpDef sinh{
    .name = "Sinh",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Sinh>,
    .cost = elementwise_cost<10>,
    .flags = k_elementwise,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
