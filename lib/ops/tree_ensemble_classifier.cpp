// TreeEnsembleClassifier: class scores of decision trees and the label of the best; votes for the first of two classes alone make it binary.
#include <algorithm>

#include "ops/tree.h"

namespace mo::ops {

namespace {

void infer(Infer& c) { infer_classifier(c, "classlabels_int64s"); }

// One score for two classes: a probability when all weights are positive (threshold 1/2), else a margin (threshold 0).
int64_t finish_binary(double s, bool positive_weights, PostTransform post, float* dst) {
  int64_t label = s > (positive_weights ? 0.5 : 0.0);
  double pair[2] = {positive_weights && post != PostTransform::logistic ? 1 - s : -s, s};
  if (post == PostTransform::logistic || post == PostTransform::probit) apply_post_transform(post, pair, 2);
  dst[0] = static_cast<float>(pair[0]);
  dst[1] = static_cast<float>(pair[1]);
  return label;
}

void run(Run& c) {
  ClassLabels labels = class_labels(c.node, "classlabels_int64s");
  int64_t classes = labels.size();
  Forest forest = read_old_forest(c.node, "class", classes);
  std::vector<double> base = floats_or_tensor(c.node, "base_values");
  require(base.empty() || base.size() == 1 || static_cast<int64_t>(base.size()) == classes, Code::format, base.size(), " base values for ", classes,
          " classes");
  PostTransform post = post_transform(c.node.s("post_transform", "NONE"));
  bool one_class = !forest.votes.empty() &&
                   std::all_of(forest.votes.begin(), forest.votes.end(), [&](const Vote& v) { return v.target == forest.votes[0].target; });
  bool positive = std::all_of(forest.votes.begin(), forest.votes.end(), [](const Vote& v) { return v.weight >= 0; });
  bool one_of_two = classes == 2 && one_class, binary = one_of_two && forest.votes[0].target == 0;
  require(base.size() != 1 || binary || classes == 1, Code::format, "one base value for ", classes, " classes");
  Rows x = feature_rows(c);
  Tensor result = Tensor::allocate(DType::f32, {x.n, classes});
  float* dst = result.mutable_data<float>();
  std::vector<int64_t> chosen;
  std::vector<double> scores;
  std::vector<char> voted;
  for (int64_t r = 0; r < x.n; ++r, dst += classes) {
    forest.score(x.row(r), x.features, scores, voted);
    if (binary) {
      double s = scores[0] + (base.empty() ? 0 : base.back());
      chosen.push_back(finish_binary(s, positive, post, dst));
      continue;
    }
    for (size_t k = 0; k < base.size(); ++k) scores[k] += base[k];
    chosen.push_back(one_of_two ? scores[1] > (positive ? 0.5 : 0.0) : std::max_element(scores.begin(), scores.end()) - scores.begin());
    apply_post_transform(post, scores.data(), classes);
    std::transform(scores.begin(), scores.end(), dst, [](double s) { return static_cast<float>(s); });
  }
  write_labels(c, labels, chosen);
  c.out(1, Datum(std::move(result)));
}

}  // namespace

extern const OpDef tree_ensemble_classifier{
    .name = "TreeEnsembleClassifier",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 2,
    .max_outputs = 2,
    .infer = infer,
    .run = run,
    .since = 1,
    .since_of =
        [](const Node& n, std::span<const Type>) {
          return n.has("nodes_values_as_tensor") || n.has("nodes_hitrates_as_tensor") || n.has("class_weights_as_tensor") ||
                         n.has("base_values_as_tensor")
                     ? 3
                     : 1;
        },
};

}  // namespace mo::ops
