// Mixed precision: a precision for every unit under limits on harm, size and time.
#pragma once
#include "search/knapsack.h"
#include "search/sensitivity.h"

namespace mo::search {

// What each unit costs at each precision of the space: [unit][precision].
struct Costs {
  std::vector<std::vector<double>> harm, bytes, us;
  std::vector<std::vector<bool>> barred;  // choices left out; empty: none
  double other_bytes = 0, other_us = 0;   // what no choice changes
};

enum class Wanted { least_harm, least_bytes, least_time };

struct Limits {
  double harm = k_no_limit, bytes = k_no_limit, us = k_no_limit;
};

struct Mix {
  Assignment assignment;
  bool feasible = false, proven = false;
  double harm = 0, bytes = 0, us = 0;  // predicted
};

// At most two of the limits that are not the aim may be set beside it.
Mix mix(const Costs& costs, Wanted aim, const Limits& limits);

}  // namespace mo::search
