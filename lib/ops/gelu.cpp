// Gelu: y = x/2 * (1 + erf(x / sqrt 2)), or x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))) when approximate is "tanh".
#include <cmath>
#include <numbers>

#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Gelu {
  explicit Gelu(const Node& n) : tanh(mode(n) == "tanh") {}
  static std::string mode(const Node& n) {
    std::string m = n.s("approximate", "none");
    require(m == "none" || m == "tanh", Code::format, "approximate must be none or tanh, got ", printable(m));
    return m;
  }
  template <class T>
  T operator()(T x) const {
    constexpr T k_root = T(0.79788456080286535588);  // sqrt(2 / pi)
    if (tanh) return T(0.5) * x * (T(1) + std::tanh(k_root * (x + T(0.044715) * x * x * x)));
    return T(0.5) * x * (T(1) + std::erf(x * (std::numbers::sqrt2_v<T> / T(2))));
  }
  bool tanh;
};
}  // namespace

extern const OpDef gelu{
    .name = "Gelu",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Gelu>,
    .cost = elementwise_cost<14>,
    .flags = k_elementwise,
    .since = 20,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
