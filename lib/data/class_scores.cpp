// Matching the axes of scores and labels, and adding up.
#include "data/class_scores.h"

#include <algorithm>
#include <cmath>

namespace mo::data {

namespace {

Shape without_trailing_ones(Shape s) {
  while (s.size() > 1 && s.back() == 1) s.pop_back();
  return s;
}

Shape without_axis(Shape s, size_t axis) {
  s.erase(s.begin() + static_cast<int64_t>(axis));
  return s;
}

}  // namespace

const Tensor& judged_output(const NamedOutputs& outputs, const std::string& name) {
  require(!outputs.empty(), Code::invalid_argument, "the model has no outputs to judge");
  if (name.empty()) return outputs.front().second;
  for (const auto& [n, t] : outputs)
    if (n == name) return t;
  fail(Code::not_found, "metric: the model has no output '", printable(name), "'");
}

int64_t told_apart(const Tensor& t, const Batch& batch) { return t.rank() > 0 && t.dim(0) == batch.count ? batch.count : 1; }

void ClassMetric::add(const NamedOutputs& outputs, const Batch& batch) {
  const Tensor &scores = judged_output(outputs, output_), &label = batch.label;
  require(!label.empty(), Code::invalid_argument, "the data set has no labels");
  require(is_integer(label.dtype()), Code::type, "labels must be class numbers, got ", name(label.dtype()));
  require(is_floating(scores.dtype()), Code::type, "class scores must be floating point, got ", name(scores.dtype()));
  Shape s = without_trailing_ones(scores.shape()), l = without_trailing_ones(label.shape());
  size_t axis = s.size() - 1;
  if (s.size() < 2 || without_trailing_ones(without_axis(s, axis)) != l) {
    require(s.size() >= 2 && without_trailing_ones(without_axis(s, 1)) == l, Code::shape, "class scores ", scores.shape(), " and labels ",
            label.shape(), " do not fit");
    axis = 1;
  }
  Tensor floats = scores.cast(DType::f32);
  const float* data = floats.data<float>();
  int64_t classes = s[axis], inner = 1, outer = 1;
  for (size_t a = 0; a < axis; ++a) outer *= s[a];
  for (size_t a = axis + 1; a < s.size(); ++a) inner *= s[a];
  std::vector<Share> shares(static_cast<size_t>(told_apart(label, batch)));
  int64_t of_each = std::max<int64_t>(1, outer * inner / static_cast<int64_t>(shares.size()));
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      int64_t at = o * inner + i, truth = label.integer(at);
      if (truth < 0) continue;
      require(truth < classes, Code::shape, "label ", truth, " is outside the ", classes, " classes of the output");
      shares[static_cast<size_t>(at / of_each)] += {score_(data + o * classes * inner + i, inner, classes, truth), 1};
      ++samples;
    }
  count(shares);
}

double negative_log_likelihood(const float* scores, int64_t stride, int64_t classes, int64_t truth) {
  double top = scores[0];
  for (int64_t c = 1; c < classes; ++c) top = std::max(top, static_cast<double>(scores[c * stride]));
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) sum += std::exp(scores[c * stride] - top);
  return std::log(sum) + top - scores[truth * stride];
}

}  // namespace mo::data
