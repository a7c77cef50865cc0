// Costs and limits to a knapsack and back.
#include "search/mixed.h"

#include <algorithm>

namespace mo::search {

Mix mix(const Costs& costs, Wanted aim, const Limits& limits) {
  std::vector<std::vector<Choice>> groups(costs.harm.size());
  std::vector<std::vector<int>> precision(groups.size());  // of each choice
  for (size_t u = 0; u < groups.size(); ++u)
    for (size_t p = 0; p < costs.harm[u].size(); ++p) {
      if (!costs.barred.empty() && costs.barred[u][p]) continue;
      precision[u].push_back(static_cast<int>(p));
      double harm = std::max(0.0, costs.harm[u][p]), bytes = costs.bytes[u][p], us = costs.us[u][p];
      if (aim == Wanted::least_harm) groups[u].push_back({harm, {bytes, us}});
      else if (aim == Wanted::least_bytes) groups[u].push_back({bytes, {harm, us}});
      else groups[u].push_back({us, {harm, bytes}});
    }
  double bytes = limits.bytes - costs.other_bytes, us = limits.us - costs.other_us;
  std::array<double, 2> most = aim == Wanted::least_harm    ? std::array{bytes, us}
                               : aim == Wanted::least_bytes ? std::array{limits.harm, us}
                                                            : std::array{limits.harm, bytes};
  Packing packed = pack(groups, most);
  Mix m;
  m.feasible = packed.feasible, m.proven = packed.proven, m.assignment = packed.chosen;
  if (!m.feasible) return m;
  m.bytes = costs.other_bytes, m.us = costs.other_us;
  for (size_t u = 0; u < groups.size(); ++u) {
    m.assignment[u] = precision[u][static_cast<size_t>(m.assignment[u])];
    auto p = static_cast<size_t>(m.assignment[u]);
    m.harm += std::max(0.0, costs.harm[u][p]), m.bytes += costs.bytes[u][p], m.us += costs.us[u][p];
  }
  return m;
}

}  // namespace mo::search
