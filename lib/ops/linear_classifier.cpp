// LinearClassifier: scores = x . coefficients^T + intercepts, and the label of the best; one row of coefficients with two labels is binary.
#include <algorithm>

#include "ops/ml.h"

namespace mo::ops {

namespace {

void infer(Infer& c) { infer_classifier(c, "classlabels_ints"); }

void run(Run& c) {
  ClassLabels labels = class_labels(c.node, "classlabels_ints");
  std::vector<float> weights = c.node.floats("coefficients"), bias = c.node.floats("intercepts");
  Rows x = feature_rows(c);
  require(x.features > 0 && static_cast<int64_t>(weights.size()) % x.features == 0 && !weights.empty(), Code::format, weights.size(),
          " coefficients for ", x.features, " features");
  int64_t classes = static_cast<int64_t>(weights.size()) / x.features;
  bool binary = classes == 1 && labels.size() == 2;
  require(binary || classes == labels.size(), Code::format, classes, " rows of coefficients for ", labels.size(), " labels");
  require(bias.empty() || static_cast<int64_t>(bias.size()) == classes, Code::format, bias.size(), " intercepts for ", classes,
          " rows of coefficients");
  PostTransform post = post_transform(c.node.s("post_transform", "NONE"));
  Tensor scores = Tensor::allocate(DType::f32, {x.n, labels.size()});
  float* dst = scores.mutable_data<float>();
  std::vector<int64_t> chosen;
  std::vector<double> s(static_cast<size_t>(classes));
  for (int64_t r = 0; r < x.n; ++r) {
    for (int64_t k = 0; k < classes; ++k) {
      double sum = bias.empty() ? 0 : bias[static_cast<size_t>(k)];
      for (int64_t i = 0; i < x.features; ++i) sum += x.row(r)[i] * weights[static_cast<size_t>(k * x.features + i)];
      s[static_cast<size_t>(k)] = sum;
    }
    chosen.push_back(binary ? s[0] > 0 : std::max_element(s.begin(), s.end()) - s.begin());
    apply_post_transform(binary && (post == PostTransform::softmax || post == PostTransform::softmax_zero) ? PostTransform::none : post, s.data(),
                         classes);
    if (binary) *dst++ = static_cast<float>(1 - s[0]);
    for (double v : s) *dst++ = static_cast<float>(v);
  }
  write_labels(c, labels, chosen);
  c.out(1, Datum(std::move(scores)));
}

}  // namespace

extern const OpDef linear_classifier{
    .name = "LinearClassifier",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 2,
    .max_outputs = 2,
    .infer = infer,
    .run = run,
    .since = 1,
};

}  // namespace mo::ops
