// Mod: fmod 0: a - floor(a / b) * b with the sign of b; fmod 1: a - trunc(a / b) * b with the sign of a.
#include <cmath>

#include "ops/binary.h"

namespace mo::ops {

namespace {

struct Mod {
  explicit Mod(const Node& n) : truncate(n.i("fmod", 0) != 0) {}
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      require(b != 0, Code::invalid_argument, "integer modulo by zero");
      if constexpr (std::is_signed_v<T>)
        if (b == T(-1)) return T(0);
      T r = static_cast<T>(a % b);
      return !truncate && r != 0 && ((r < 0) != (b < 0)) ? static_cast<T>(r + b) : r;
    } else {
      T r = std::fmod(a, b);
      if (truncate) return r;
      if (r == T(0)) return std::copysign(T(0), b);
      return (r < T(0)) != (b < T(0)) ? (std::isinf(b) ? b : r + b) : r;
    }
  }
  bool truncate;
};

// Floor modulo of floats came with opset 28.
int since(const Node& n, std::span<const Type> inputs) {
  bool floats = !inputs.empty() && is_floating(inputs[0].dtype);
  return floats && n.i("fmod", 0) == 0 ? 28 : since_dtypes(n, inputs);
}

}  // namespace

extern const OpDef mod{
    .name = "Mod",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast,
    .run = run_binary<Mod>,
    .cost = elementwise_cost<4>,
    .flags = k_elementwise,
    .since = 10,
    .since_of = since,
};

}  // namespace mo::ops
