// TreeEnsembleRegressor: the older form of TreeEnsemble with base values.
#include "ops/tree.h"

namespace mo::ops {

namespace {

int64_t target_count(const Node& n) {
  int64_t targets = n.i("n_targets", 1);
  require(targets > 0 && targets < (int64_t{1} << 31), Code::format, "n_targets ", targets);
  return targets;
}

void infer(Infer& c) { infer_scores(c, 0, target_count(c.node)); }

void run(Run& c) {
  Forest forest = read_old_forest(c.node, "target", target_count(c.node));
  forest.aggregate = aggregate_of(c.node.s("aggregate_function", "SUM"));
  std::vector<double> base = floats_or_tensor(c.node, "base_values");
  require(base.empty() || static_cast<int64_t>(base.size()) == forest.targets, Code::format, base.size(), " base values for ", forest.targets,
          " targets");
  PostTransform post = post_transform(c.node.s("post_transform", "NONE"));
  Rows x = feature_rows(c);
  float* dst = c.out(0, DType::f32, {x.n, forest.targets}).mutable_data<float>();
  std::vector<double> scores;
  std::vector<char> voted;
  for (int64_t r = 0; r < x.n; ++r) {
    forest.score(x.row(r), x.features, scores, voted);
    for (size_t k = 0; k < base.size(); ++k) scores[k] += base[k];
    apply_post_transform(post, scores.data(), forest.targets);
    for (double s : scores) *dst++ = static_cast<float>(s);
  }
}

}  // namespace

extern const OpDef tree_ensemble_regressor{
    .name = "TreeEnsembleRegressor",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 1,
    .since_of =
        [](const Node& n, std::span<const Type>) {
          return n.has("nodes_values_as_tensor") || n.has("nodes_hitrates_as_tensor") || n.has("target_weights_as_tensor") ||
                         n.has("base_values_as_tensor")
                     ? 3
                     : 1;
        },
};

}  // namespace mo::ops
