// SVMRegressor: y = sum of coefficient * kernel(x, support vector) + rho; without support vectors a linear model; one_class gives the sign.
#include "ops/svm.h"

namespace mo::ops {

namespace {

void infer(Infer& c) { infer_scores(c, 0, 1); }

void run(Run& c) {
  std::vector<float> weights = c.node.floats("coefficients"), support = c.node.floats("support_vectors"), rho = c.node.floats("rho");
  int64_t count = c.node.i("n_supports", 0);
  PostTransform post = post_transform(c.node.s("post_transform", "NONE"));
  bool one_class = c.node.i("one_class", 0) != 0;
  SvmKernel kernel(c.node);
  Rows x = feature_rows(c);
  require(count >= 0 && !rho.empty(), Code::format, count, " support vectors and ", rho.size(), " offsets");
  if (count > 0) {
    require(static_cast<int64_t>(weights.size()) == count && static_cast<int64_t>(support.size()) % count == 0 &&
                static_cast<int64_t>(support.size()) / count == x.features,
            Code::format, weights.size(), " coefficients and ", support.size(), " support values for ", count, " vectors of ", x.features,
            " features");
  } else {
    require(static_cast<int64_t>(weights.size()) == x.features, Code::format, weights.size(), " coefficients for ", x.features, " features");
  }
  float* dst = c.out(0, DType::f32, {x.n, 1}).mutable_data<float>();
  for (int64_t r = 0; r < x.n; ++r) {
    double sum = rho[0];
    if (count > 0)
      for (int64_t k = 0; k < count; ++k) sum += weights[static_cast<size_t>(k)] * kernel(x.row(r), support.data() + k * x.features, x.features);
    else sum += kernel(x.row(r), weights.data(), x.features);
    if (one_class) sum = sum > 0 ? 1 : -1;
    apply_post_transform(post, &sum, 1);
    dst[r] = static_cast<float>(sum);
  }
}

}  // namespace

extern const OpDef svm_regressor{
    .name = "SVMRegressor",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 1,
};

}  // namespace mo::ops
