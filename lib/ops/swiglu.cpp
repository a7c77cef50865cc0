// SwiGLU: y = a * sigmoid(alpha * a) * b, both inputs of one shape.
#include <cmath>

#include "ops/binary.h"

namespace mo::ops {

namespace {

struct SwiGLU {
  explicit SwiGLU(const Node& n) : alpha(n.f("alpha", 1.0f)) {}
  template <class T>
  T operator()(T a, T b) const {
    return a / (T(1) + std::exp(-T(alpha) * a)) * b;
  }
  float alpha;
};

void run(Run& c) {
  require(c.in(0).shape() == c.in(1).shape(), Code::shape, "inputs of shapes ", c.in(0).shape(), " and ", c.in(1).shape(), " must be alike");
  run_binary<SwiGLU, Floats>(c);
}

}  // namespace

extern const OpDef swiglu{
    .name = "SwiGLU",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_same,
    .run = run,
    .cost = elementwise_cost<10>,
    .flags = k_elementwise,
    .since = 28,
};

}  // namespace mo::ops
