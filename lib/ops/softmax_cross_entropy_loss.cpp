// SoftmaxCrossEntropyLoss: the negative log likelihood of log_softmax(scores) over axis 1; output 1 is log_softmax itself.
#include <cmath>

#include "ops/class_loss.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  infer_class_loss(c);
  if (c.wants(1)) same_type(c, 1, 0);
}

void run(Run& c) {
  const Shape& s = c.in(0).shape();
  require(s.size() >= 2, Code::shape, "scores have shape ", s, ", wants [n, classes, ...]");
  require(is_floating(c.dtype()), Code::type, "scores are ", name(c.dtype()));
  std::vector<double> x = doubles(c.in(0));
  int64_t classes = s[1], plane = checked_product(std::span(s).subspan(2));
  for (int64_t n = 0; n < s[0]; ++n)
    for (int64_t i = 0; i < plane; ++i) {
      double* v = x.data() + n * classes * plane + i;
      double largest = -HUGE_VAL, sum = 0;
      for (int64_t k = 0; k < classes; ++k) largest = std::max(largest, v[k * plane]);
      for (int64_t k = 0; k < classes; ++k) sum += std::exp(v[k * plane] - largest);
      for (int64_t k = 0; k < classes; ++k) v[k * plane] -= largest + std::log(sum);
    }
  run_class_loss(c, x);
  if (!c.wants(1)) return;
  Tensor& y = c.out(1, c.dtype(), s);
  convert_elements(DType::f64, x.data(), c.dtype(), y.raw_mutable(), y.size());
}

}  // namespace

extern const OpDef softmax_cross_entropy_loss{.name = "SoftmaxCrossEntropyLoss",
                                              .min_inputs = 2,
                                              .max_inputs = 3,
                                              .max_outputs = 2,
                                              .infer = infer,
                                              .run = run,
                                              .since = 12,
                                              .since_of = since_bf16<12, 13>};

}  // namespace mo::ops
