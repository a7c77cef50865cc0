// Adam (ai.onnx.preview.training): one step of Adam on any number of tensors; inputs R, T, then X..., G..., V..., H....
#include <cmath>

#include "ops/optimizer_step.h"

namespace mo::ops {
namespace {

void infer(Infer& c) { infer_step(c, 4); }

void run(Run& c) {
  OptimizerStep s = read_step(c, 4);
  double alpha = c.node.f("alpha", 0.9f), beta = c.node.f("beta", 0.999f), epsilon = c.node.f("epsilon", 1e-6f);
  double norm = c.node.f("norm_coefficient", 0), post = c.node.f("norm_coefficient_post", 0), t = static_cast<double>(s.step);
  double rate = s.step > 0 ? s.rate * std::sqrt(1 - std::pow(beta, t)) / (1 - std::pow(alpha, t)) : s.rate;
  for (size_t i = 0; i < s.count; ++i) {
    const Tensor& like = c.in(2 + i);
    std::vector<double> x = doubles(like), g = doubles(c.in(2 + s.count + i)), v = doubles(c.in(2 + 2 * s.count + i)),
                        h = doubles(c.in(2 + 3 * s.count + i));
    for (size_t k = 0; k < x.size(); ++k) {
      double gradient = norm * x[k] + g[k];
      v[k] = alpha * v[k] + (1 - alpha) * gradient;
      h[k] = beta * h[k] + (1 - beta) * gradient * gradient;
      x[k] = (1 - post) * (x[k] - rate * v[k] / (std::sqrt(h[k]) + epsilon));
    }
    write_doubles(c, i, like, x);
    write_doubles(c, s.count + i, like, v);
    write_doubles(c, 2 * s.count + i, like, h);
  }
}

}  // namespace

extern const OpDef training_adam{.name = "Adam",
                                 .domain = "ai.onnx.preview.training",
                                 .min_inputs = 3,
                                 .max_inputs = -1,
                                 .max_outputs = -1,
                                 .infer = infer,
                                 .run = run,
                                 .since = 1};

}  // namespace mo::ops
