// LinearRegressor: y = x . coefficients^T + intercepts for each target.
#include "ops/ml.h"

namespace mo::ops {

namespace {

int64_t target_count(const Node& n) {
  int64_t targets = n.i("targets", 1);
  require(targets > 0, Code::format, "targets ", targets);
  return targets;
}

void infer(Infer& c) { infer_scores(c, 0, target_count(c.node)); }

void run(Run& c) {
  int64_t targets = target_count(c.node);
  std::vector<float> weights = c.node.floats("coefficients"), bias = c.node.floats("intercepts");
  Rows x = feature_rows(c);
  require(static_cast<int64_t>(weights.size()) / targets == x.features && static_cast<int64_t>(weights.size()) % targets == 0, Code::format,
          weights.size(), " coefficients for ", targets, " targets of ", x.features, " features");
  require(bias.empty() || static_cast<int64_t>(bias.size()) == targets, Code::format, bias.size(), " intercepts for ", targets, " targets");
  PostTransform post = post_transform(c.node.s("post_transform", "NONE"));
  float* dst = c.out(0, DType::f32, {x.n, targets}).mutable_data<float>();
  std::vector<double> scores(static_cast<size_t>(targets));
  for (int64_t r = 0; r < x.n; ++r) {
    for (int64_t t = 0; t < targets; ++t) {
      double sum = bias.empty() ? 0 : bias[static_cast<size_t>(t)];
      for (int64_t i = 0; i < x.features; ++i) sum += x.row(r)[i] * weights[static_cast<size_t>(t * x.features + i)];
      scores[static_cast<size_t>(t)] = sum;
    }
    apply_post_transform(post, scores.data(), targets);
    for (double s : scores) *dst++ = static_cast<float>(s);
  }
}

}  // namespace

extern const OpDef linear_regressor{
    .name = "LinearRegressor",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 1,
};

}  // namespace mo::ops
