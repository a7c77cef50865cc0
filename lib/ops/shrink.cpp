// Shrink: y = x + bias below -lambd, x - bias above lambd, 0 between.
#include "ops/unary.h"

namespace mo::ops {

namespace {
struct Shrink {
  explicit Shrink(const Node& n) : bias(n.f("bias", 0.0f)), lambd(n.f("lambd", 0.5f)) {}
  template <class T>
  T operator()(T x) const {
    const double v = static_cast<double>(x);
    if (v < -static_cast<double>(lambd)) return number_as<T>(v + bias);
    if (v > static_cast<double>(lambd)) return number_as<T>(v - bias);
    return T(0);
  }
  float bias, lambd;
};
}  // namespace

extern const OpDef shrink{
    .name = "Shrink",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run_unary<Shrink, Numbers>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
