// Losses over class labels, shared by NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
#pragma once
#include "base/checked.h"
#include "ops/compute.h"

namespace mo::ops {

inline std::string read_reduction(const Node& n) {
  std::string r = n.s("reduction", "mean");
  require(r == "none" || r == "sum" || r == "mean", Code::invalid_argument, "reduction is '", printable(r), "'");
  return r;
}

inline void infer_class_loss(Infer& c) {
  if (read_reduction(c.node) != "none") return c.set(0, c.dtype(), {});
  Type y = c.input(1);
  if (!y.ranked && c.rank() >= 2) {
    y = c.input(0);
    y.dims.erase(y.dims.begin() + 1);
  }
  y.kind = Type::Kind::tensor;
  y.dtype = c.dtype();
  c.output() = std::move(y);
}

// Weighs and reduces -log_prob[n, target, d] into output 0. log_prob is [n, classes, plane].
inline void run_class_loss(Run& c, const std::vector<double>& log_prob) {
  const Shape &xs = c.in(0).shape(), &ts = c.in(1).shape();
  require(xs.size() >= 2, Code::shape, "input has shape ", xs, ", wants [n, classes, ...]");
  Shape wanted = xs;
  wanted.erase(wanted.begin() + 1);
  require(ts == wanted, Code::shape, "target has shape ", ts, ", wants ", wanted);
  int64_t classes = xs[1], plane = checked_product(std::span(xs).subspan(2));
  std::vector<double> weight;
  if (c.has(2)) {
    require_shape(c, 2, {classes});
    weight = doubles(c.in(2));
  }
  bool ignores = c.node.has("ignore_index");
  int64_t ignored = c.node.i("ignore_index", 0);
  std::string reduction = read_reduction(c.node);
  std::vector<double> loss(static_cast<size_t>(c.in(1).size()));
  double sum = 0, total = 0;
  for (int64_t i = 0; i < c.in(1).size(); ++i) {
    int64_t k = c.in(1).integer(i);
    if (ignores && k == ignored) continue;
    require(k >= 0 && k < classes, Code::invalid_argument, "label ", k, " is outside 0..", classes - 1);
    double w = weight.empty() ? 1.0 : weight[static_cast<size_t>(k)];
    loss[static_cast<size_t>(i)] = -w * log_prob[static_cast<size_t>((i / plane * classes + k) * plane + i % plane)];
    sum += loss[static_cast<size_t>(i)];
    total += w;
  }
  bool none = reduction == "none";
  Tensor& y = c.out(0, c.dtype(), none ? ts : Shape{});
  void* dst = y.raw_mutable();
  if (!none) return store_number(c.dtype(), dst, 0, reduction == "sum" ? sum : sum / total);
  for (int64_t i = 0; i < y.size(); ++i) store_number(c.dtype(), dst, i, loss[static_cast<size_t>(i)]);
}

}  // namespace mo::ops
