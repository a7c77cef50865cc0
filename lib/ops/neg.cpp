// Neg: y = -x; the lowest integer stays itself (two's complement).
#include <cmath>
#include <type_traits>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Neg {
  template <class T>
  T operator()(T x) const {
    if constexpr (std::is_floating_point_v<T>) return -x;
    else return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x));
  }
};
}  // namespace

extern const OpDef neg{
    .name = "Neg",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Neg, SignedNumbers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
