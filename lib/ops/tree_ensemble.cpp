// TreeEnsemble: sums (or averages, minima, maxima) of the leaves that each row reaches in a set of decision trees.
#include "ops/dispatch.h"
#include "ops/tree.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  infer_scores(c, 0, c.node.i("n_targets", -1));
  c.output(0).dtype = c.dtype(0);
}

const Tensor& needed(const Node& n, const char* attribute) {
  const Tensor* t = n.tensor(attribute);
  require(t != nullptr, Code::format, "attribute ", attribute, " is missing");
  return *t;
}

// Sets of BRANCH_MEMBER nodes, in the order of the nodes, each ended by a NaN.
void read_members(Forest& f, const Tensor* values) {
  int64_t at = 0, size = values ? values->size() : 0;
  for (TreeNode& n : f.nodes) {
    if (n.mode != Branch::member) continue;
    n.first = f.members.size();
    require(at < size, Code::format, "membership_values holds too few sets");
    for (; at < size && !std::isnan(values->number(at)); ++at) f.members.push_back(values->number(at));
    ++at;
    n.count = f.members.size() - n.first;
  }
}

Forest read_forest(const Node& n) {
  const Tensor &modes = needed(n, "nodes_modes"), &splits = needed(n, "nodes_splits"), &weights = needed(n, "leaf_weights");
  std::vector<int64_t> features = n.ints("nodes_featureids"), yes = n.ints("nodes_truenodeids"), no = n.ints("nodes_falsenodeids");
  std::vector<int64_t> yes_leaf = n.ints("nodes_trueleafs"), no_leaf = n.ints("nodes_falseleafs"),
                       missing = n.ints("nodes_missing_value_tracks_true");
  std::vector<int64_t> targets = n.ints("leaf_targetids");
  size_t count = static_cast<size_t>(modes.size());
  require(features.size() == count && yes.size() == count && no.size() == count && yes_leaf.size() == count && no_leaf.size() == count &&
              splits.size() == modes.size() && (missing.empty() || missing.size() == count),
          Code::format, "the nodes_* attributes differ in length");
  require(static_cast<int64_t>(targets.size()) == weights.size(), Code::format, "the leaf_* attributes differ in length");
  Forest f;
  f.targets = n.i("n_targets", 1);
  require(f.targets > 0 && f.targets < (int64_t{1} << 31), Code::format, "n_targets ", f.targets);
  int64_t how = n.i("aggregate_function", 1);
  require(how >= 0 && how <= 3, Code::format, "aggregate_function ", how);
  f.aggregate = static_cast<Aggregate>(how);
  f.nodes.resize(count + targets.size());  // leaves lie behind the inner nodes
  auto child = [&](int64_t id, bool leaf) {
    int64_t size = static_cast<int64_t>(leaf ? targets.size() : count);
    require(id >= 0 && id < size, Code::format, leaf ? "leaf " : "node ", id, " of ", size);
    return leaf ? id + static_cast<int64_t>(count) : id;
  };
  for (size_t i = 0; i < count; ++i) {
    int64_t at = static_cast<int64_t>(i), mode = modes.integer(at);
    require(mode >= 0 && mode <= 6, Code::format, "node mode ", mode);
    f.nodes[i] = {static_cast<Branch>(mode), !missing.empty() && missing[i] != 0, features[i],
                  splits.number(at),         child(yes[i], yes_leaf[i] != 0),     child(no[i], no_leaf[i] != 0)};
  }
  for (size_t k = 0; k < targets.size(); ++k) {
    f.nodes[count + k].first = k;
    f.nodes[count + k].count = 1;
    f.votes.push_back({targets[k], weights.number(static_cast<int64_t>(k))});
  }
  f.roots = n.ints("tree_roots");
  read_members(f, n.tensor("membership_values"));
  f.validate();
  return f;
}

void run(Run& c) {
  Forest forest = read_forest(c.node);
  int64_t post = c.node.i("post_transform", 0);
  require(post >= 0 && post <= 4, Code::format, "post_transform ", post);
  Rows x = feature_rows(c);
  Tensor& y = c.out(0, c.dtype(0), {x.n, forest.targets});
  dispatch(Types<float, double, half>{}, y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* dst = y.mutable_data<T>();
    std::vector<double> scores;
    std::vector<char> voted;
    for (int64_t r = 0; r < x.n; ++r) {
      forest.score(x.row(r), x.features, scores, voted);
      apply_post_transform(static_cast<PostTransform>(post), scores.data(), forest.targets);
      for (double s : scores) *dst++ = store<T>(s);
    }
  });
}

}  // namespace

extern const OpDef tree_ensemble{
    .name = "TreeEnsemble",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 5,
};

}  // namespace mo::ops
