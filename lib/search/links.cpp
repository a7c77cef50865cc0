// Walking the base graph from each unit back to the units that feed it.
#include <algorithm>
#include <map>
#include <set>

#include "search/timing.h"

namespace mo::search {

std::vector<Link> links_of(const Space& space) {
  const graph::Graph& g = space.base().graph;
  std::map<graph::NodeId, size_t> unit_of;
  for (size_t u = 0; u < space.units().size(); ++u)
    for (graph::NodeId id : space.units()[u].nodes) unit_of[id] = u;
  // units behind each node that is none, nearest only
  std::map<graph::NodeId, std::set<size_t>> behind;
  auto sources = [&](graph::ValueId v) -> std::set<size_t> {
    graph::NodeId p = v == graph::k_none ? graph::k_none : g.value(v).producer;
    if (p == graph::k_none) return {};
    if (auto it = unit_of.find(p); it != unit_of.end()) return {it->second};
    return behind[p];
  };
  std::vector<Link> links;
  std::set<std::pair<size_t, size_t>> seen;
  for (graph::NodeId id : g.order()) {
    auto unit = unit_of.find(id);
    for (graph::ValueId v : g.node(id).inputs) {
      std::set<size_t> from = sources(v);
      if (unit == unit_of.end()) behind[id].insert(from.begin(), from.end());
      else
        for (size_t f : from)
          if (f != unit->second && seen.insert({f, unit->second}).second) links.push_back({f, unit->second, v});
    }
  }
  return links;
}

}  // namespace mo::search
