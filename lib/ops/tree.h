// Decision trees as TreeEnsemble and its older forms describe them, validated once and walked per row.
#pragma once
#include "ops/ml.h"

namespace mo::ops {

enum class Branch : uint8_t { leq, lt, gte, gt, eq, neq, member, leaf };
enum class Aggregate { average, sum, min, max };

struct TreeNode {
  Branch mode = Branch::leaf;
  bool missing_true = false;  // where NaN goes
  int64_t feature = 0;
  double split = 0;
  int64_t yes = 0, no = 0;      // children
  size_t first = 0, count = 0;  // of votes (leaf) or members
};
struct Vote {
  int64_t target;
  double weight;
};

struct Forest {
  std::vector<TreeNode> nodes;
  std::vector<int64_t> roots;
  std::vector<Vote> votes;
  std::vector<double> members;
  int64_t targets = 1;
  Aggregate aggregate = Aggregate::sum;

  // Children, features and targets inside their ranges; throws Code::format.
  void validate() const;
  // Scores of one row: targets values; `voted` tells which targets got a vote. Throws when a walk does not end or a feature is missing.
  void score(const double* row, int64_t features, std::vector<double>& scores, std::vector<char>& voted) const;
};

Aggregate aggregate_of(const std::string& name);
// The nodes_* attributes of the older operators with votes <prefix>_treeids, _nodeids, _ids, _weights ("target" or "class").
Forest read_old_forest(const Node& n, const std::string& prefix, int64_t targets);
// Attribute `name` as floats or `name`_as_tensor as doubles.
std::vector<double> floats_or_tensor(const Node& n, const std::string& name);

}  // namespace mo::ops
