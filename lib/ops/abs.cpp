// Abs: y = |x|; the lowest integer stays itself (two's complement).
#include <cmath>
#include <type_traits>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Abs {
  template <class T>
  T operator()(T x) const {
    if constexpr (std::is_floating_point_v<T>) return std::fabs(x);
    else if constexpr (std::is_unsigned_v<T>) return x;
    else return x < 0 ? static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x)) : x;
  }
};
}  // namespace

extern const OpDef abs{
    .name = "Abs",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Abs, Numbers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
