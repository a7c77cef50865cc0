// Momentum (ai.onnx.preview.training): one step of gradient descent with (Nesterov's) momentum; inputs R, T, then X..., G..., V....
#include "ops/optimizer_step.h"

namespace mo::ops {
namespace {

void infer(Infer& c) { infer_step(c, 3); }

void run(Run& c) {
  OptimizerStep s = read_step(c, 3);
  double alpha = c.node.f("alpha", 0), norm = c.node.f("norm_coefficient", 0), beta = s.step > 0 ? c.node.f("beta", 1) : 1.0;
  std::string mode = c.node.s("mode", "standard");
  require(mode == "standard" || mode == "nesterov", Code::invalid_argument, "mode is '", printable(mode), "'");
  bool nesterov = mode == "nesterov";
  for (size_t i = 0; i < s.count; ++i) {
    const Tensor& like = c.in(2 + i);
    std::vector<double> x = doubles(like), g = doubles(c.in(2 + s.count + i)), v = doubles(c.in(2 + 2 * s.count + i));
    for (size_t k = 0; k < x.size(); ++k) {
      double gradient = norm * x[k] + g[k];
      v[k] = alpha * v[k] + beta * gradient;
      x[k] -= s.rate * (nesterov ? gradient + alpha * v[k] : v[k]);
    }
    write_doubles(c, i, like, x);
    write_doubles(c, s.count + i, like, v);
  }
}

}  // namespace

extern const OpDef training_momentum{.name = "Momentum",
                                     .domain = "ai.onnx.preview.training",
                                     .min_inputs = 3,
                                     .max_inputs = -1,
                                     .max_outputs = -1,
                                     .infer = infer,
                                     .run = run,
                                     .since = 1};

}  // namespace mo::ops
