// Multiple-choice knapsack: one choice per group, the least total value, at most so much of two costs.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

namespace mo::search {

struct Choice {
  double value = 0;                 // what is made small
  std::array<double, 2> cost = {};  // what is limited
};

struct Packing {
  bool feasible = false;
  bool proven = false;      // no better one exists
  std::vector<int> chosen;  // per group
  double value = 0;
  std::array<double, 2> cost = {};
  double bound = 0;   // no choice has a lower value
  int64_t nodes = 0;  // of the search tree
};

inline constexpr double k_no_limit = std::numeric_limits<double>::infinity();

// Lagrangian dual for the bound and a first answer, then depth-first branch and bound; stops after max_nodes with the best found.
// Costs must not be negative. Code::invalid_argument for an empty group or NaN.
Packing pack(const std::vector<std::vector<Choice>>& groups, std::array<double, 2> limits, int64_t max_nodes = 2000000);

}  // namespace mo::search
