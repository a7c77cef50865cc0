// Div: y = a / b with broadcasting; integers truncate, and refuse a zero divisor.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct Div {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      require(b != 0, Code::invalid_argument, "integer division by zero");
      if constexpr (std::is_signed_v<T>)
        if (b == T(-1)) return wrap_sub(T(0), a);  // the lowest integer has no opposite
    }
    return static_cast<T>(a / b);
  }
};
}  // namespace

extern const OpDef div{
    .name = "Div",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast,
    .run = run_binary<Div>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
