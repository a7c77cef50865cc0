// Decision trees: reading of the older attribute form, validation, walks.
#include "ops/tree.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace mo::ops {

void Forest::validate() const {
  int64_t count = static_cast<int64_t>(nodes.size());
  auto inside = [&](int64_t i) { return i >= 0 && i < count; };
  for (int64_t r : roots) require(inside(r), Code::format, "tree root ", r, " of ", count, " nodes");
  for (const TreeNode& n : nodes) {
    if (n.mode == Branch::leaf) continue;
    require(inside(n.yes) && inside(n.no), Code::format, "tree children ", n.yes, " and ", n.no, " of ", count, " nodes");
    require(n.feature >= 0, Code::format, "negative feature id ", n.feature);
  }
  for (const Vote& v : votes) require(v.target >= 0 && v.target < targets, Code::format, "target ", v.target, " of ", targets);
}

namespace {

bool takes_true(const Forest& f, const TreeNode& n, double x) {
  if (std::isnan(x)) return n.missing_true;
  switch (n.mode) {
    case Branch::leq: return x <= n.split;
    case Branch::lt: return x < n.split;
    case Branch::gte: return x >= n.split;
    case Branch::gt: return x > n.split;
    case Branch::eq: return x == n.split;
    case Branch::neq: return x != n.split;
    case Branch::member: {
      auto from = f.members.begin() + static_cast<int64_t>(n.first);
      return std::find(from, from + static_cast<int64_t>(n.count), x) != from + static_cast<int64_t>(n.count);
    }
    case Branch::leaf: break;
  }
  return false;
}

}  // namespace

void Forest::score(const double* row, int64_t features, std::vector<double>& scores, std::vector<char>& voted) const {
  scores.assign(static_cast<size_t>(targets), 0.0);
  voted.assign(static_cast<size_t>(targets), 0);
  for (int64_t root : roots) {
    const TreeNode* n = &nodes[static_cast<size_t>(root)];
    for (size_t steps = 0; n->mode != Branch::leaf; ++steps) {
      require(steps <= nodes.size(), Code::format, "the tree has a cycle");
      require(n->feature < features, Code::shape, "feature ", n->feature, " of ", features);
      n = &nodes[static_cast<size_t>(takes_true(*this, *n, row[n->feature]) ? n->yes : n->no)];
    }
    for (size_t k = n->first; k < n->first + n->count; ++k) {
      double& s = scores[static_cast<size_t>(votes[k].target)];
      char& seen = voted[static_cast<size_t>(votes[k].target)];
      double w = votes[k].weight;
      if (aggregate == Aggregate::min) s = seen ? std::min(s, w) : w;
      else if (aggregate == Aggregate::max) s = seen ? std::max(s, w) : w;
      else s += w;
      seen = 1;
    }
  }
  if (aggregate == Aggregate::average && !roots.empty())
    for (double& s : scores) s /= static_cast<double>(roots.size());
}

Aggregate aggregate_of(const std::string& name) {
  if (name == "SUM") return Aggregate::sum;
  if (name == "AVERAGE") return Aggregate::average;
  if (name == "MIN") return Aggregate::min;
  if (name == "MAX") return Aggregate::max;
  fail(Code::format, "aggregate_function ", printable(name), " is unknown");
}

std::vector<double> floats_or_tensor(const Node& n, const std::string& name) {
  std::vector<double> out;
  if (const Tensor* t = n.tensor(name + "_as_tensor")) {
    for (int64_t i = 0; i < t->size(); ++i) out.push_back(t->number(i));
  } else {
    for (float v : n.floats(name)) out.push_back(v);
  }
  return out;
}

namespace {

Branch branch_of(const std::string& s) {
  static constexpr const char* k_names[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER", "LEAF"};
  for (size_t i = 0; i < std::size(k_names); ++i)
    if (s == k_names[i]) return static_cast<Branch>(i);
  fail(Code::format, "node mode ", printable(s), " is unknown");
}

}  // namespace

Forest read_old_forest(const Node& n, const std::string& prefix, int64_t targets) {
  std::vector<int64_t> trees = n.ints("nodes_treeids"), ids = n.ints("nodes_nodeids"), features = n.ints("nodes_featureids");
  std::vector<int64_t> yes = n.ints("nodes_truenodeids"), no = n.ints("nodes_falsenodeids"), missing = n.ints("nodes_missing_value_tracks_true");
  std::vector<std::string> modes = n.strings("nodes_modes");
  std::vector<double> splits = floats_or_tensor(n, "nodes_values");
  size_t count = modes.size();
  require(count > 0 && trees.size() == count && ids.size() == count && features.size() == count && yes.size() == count && no.size() == count &&
              splits.size() == count && (missing.empty() || missing.size() == count),
          Code::format, "the nodes_* attributes differ in length");
  std::map<std::pair<int64_t, int64_t>, int64_t> place;
  for (size_t i = 0; i < count; ++i)
    require(place.emplace(std::pair(trees[i], ids[i]), static_cast<int64_t>(i)).second, Code::format, "node ", ids[i], " of tree ", trees[i],
            " is listed twice");
  auto find_node = [&](int64_t tree, int64_t id) {
    auto it = place.find({tree, id});
    require(it != place.end(), Code::format, "tree ", tree, " has no node ", id);
    return it->second;
  };
  Forest f;
  f.targets = targets;
  f.nodes.resize(count);
  std::vector<char> is_child(count, 0);
  for (size_t i = 0; i < count; ++i) {
    TreeNode& node = f.nodes[i];
    node.mode = branch_of(modes[i]);
    require(node.mode != Branch::member, Code::format, "BRANCH_MEMBER belongs to TreeEnsemble");
    if (node.mode == Branch::leaf) continue;
    node.missing_true = !missing.empty() && missing[i] != 0;
    node.feature = features[i];
    node.split = splits[i];
    node.yes = find_node(trees[i], yes[i]);
    node.no = find_node(trees[i], no[i]);
    is_child[static_cast<size_t>(node.yes)] = is_child[static_cast<size_t>(node.no)] = 1;
  }
  for (size_t i = 0; i < count; ++i)
    if (!is_child[i]) f.roots.push_back(static_cast<int64_t>(i));
  std::vector<int64_t> vote_trees = n.ints(prefix + "_treeids"), vote_nodes = n.ints(prefix + "_nodeids"), vote_ids = n.ints(prefix + "_ids");
  std::vector<double> weights = floats_or_tensor(n, prefix + "_weights");
  require(vote_trees.size() == weights.size() && vote_nodes.size() == weights.size() && vote_ids.size() == weights.size(), Code::format, "the ",
          prefix, "_* attributes differ in length");
  std::vector<std::vector<Vote>> by_node(count);
  for (size_t k = 0; k < weights.size(); ++k)
    by_node[static_cast<size_t>(find_node(vote_trees[k], vote_nodes[k]))].push_back({vote_ids[k], weights[k]});
  for (size_t i = 0; i < count; ++i) {
    f.nodes[i].first = f.votes.size();
    f.nodes[i].count = by_node[i].size();
    f.votes.insert(f.votes.end(), by_node[i].begin(), by_node[i].end());
  }
  f.validate();
  return f;
}

}  // namespace mo::ops
