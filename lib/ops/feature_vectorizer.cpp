// FeatureVectorizer: the inputs side by side as float, [n, sum of inputdimensions].
#include "base/checked.h"
#include "ops/ml.h"

namespace mo::ops {

namespace {

int64_t total(const std::vector<int64_t>& widths) {
  int64_t sum = 0;
  for (int64_t w : widths) {
    require(w >= 0, Code::format, "negative input dimension ", w);
    sum = checked_add(sum, w);
  }
  return sum;
}

void infer(Infer& c) {
  std::vector<int64_t> widths = c.node.ints("inputdimensions");
  infer_scores(c, 0, widths.empty() ? -1 : total(widths));
}

void run(Run& c) {
  std::vector<Rows> parts;
  for (size_t i = 0; i < c.inputs(); ++i) parts.push_back(feature_rows(c, i));
  std::vector<int64_t> widths = c.node.ints("inputdimensions");
  if (widths.empty())
    for (const Rows& r : parts) widths.push_back(r.features);
  require(widths.size() == parts.size(), Code::format, widths.size(), " input dimensions for ", parts.size(), " inputs");
  int64_t n = parts[0].n, width = total(widths), at = 0;
  Tensor& y = c.out(0, DType::f32, {n, width});
  float* dst = y.mutable_data<float>();
  for (size_t k = 0; k < parts.size(); ++k) {
    require(parts[k].n == n && parts[k].features == widths[k], Code::shape, "input ", k, " is ", parts[k].n, " by ", parts[k].features, ", wanted ",
            n, " by ", widths[k]);
    for (int64_t r = 0; r < n; ++r)
      for (int64_t i = 0; i < widths[k]; ++i) dst[r * width + at + i] = static_cast<float>(parts[k].row(r)[i]);
    at += widths[k];
  }
}

}  // namespace

extern const OpDef feature_vectorizer{
    .name = "FeatureVectorizer",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = -1,
    .infer = infer,
    .run = run,
    .since = 1,
};

}  // namespace mo::ops
