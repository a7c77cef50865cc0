// Adagrad (ai.onnx.preview.training): one step of Adagrad on any number of tensors; inputs R, T, then X..., G..., H....
#include <cmath>

#include "ops/optimizer_step.h"

namespace mo::ops {
namespace {

void infer(Infer& c) { infer_step(c, 3); }

void run(Run& c) {
  OptimizerStep s = read_step(c, 3);
  double epsilon = c.node.f("epsilon", 1e-6f), norm = c.node.f("norm_coefficient", 0), decay = c.node.f("decay_factor", 0);
  double rate = s.rate / (1 + static_cast<double>(s.step) * decay);
  for (size_t i = 0; i < s.count; ++i) {
    const Tensor& like = c.in(2 + i);
    std::vector<double> x = doubles(like), g = doubles(c.in(2 + s.count + i)), h = doubles(c.in(2 + 2 * s.count + i));
    for (size_t k = 0; k < x.size(); ++k) {
      double gradient = norm * x[k] + g[k];
      h[k] += gradient * gradient;
      x[k] -= rate * gradient / (std::sqrt(h[k]) + epsilon);
    }
    write_doubles(c, i, like, x);
    write_doubles(c, s.count + i, like, h);
  }
}

}  // namespace

extern const OpDef training_adagrad{.name = "Adagrad",
                                    .domain = "ai.onnx.preview.training",
                                    .min_inputs = 3,
                                    .max_inputs = -1,
                                    .max_outputs = -1,
                                    .infer = infer,
                                    .run = run,
                                    .since = 1};

}  // namespace mo::ops
