// Counting the values alive between consecutive nodes.
#include "search/blocks.h"

#include <algorithm>
#include <map>

namespace mo::search {

std::vector<std::vector<graph::NodeId>> singles_of(const std::vector<graph::NodeId>& nodes) {
  std::vector<std::vector<graph::NodeId>> out;
  for (graph::NodeId id : nodes) out.push_back({id});
  return out;
}

std::vector<std::vector<graph::NodeId>> blocks_of(const graph::Graph& g, const std::vector<graph::NodeId>& nodes) {
  if (nodes.empty()) return {};
  const std::vector<graph::NodeId>& order = g.order();
  std::map<graph::NodeId, int> place;
  for (size_t i = 0; i < order.size(); ++i) place[order[i]] = static_cast<int>(i);
  int first = place.at(nodes.front()), last = place.at(nodes.back());
  if (first == last) return {nodes};
  // alive[i]: activations made at or before order[i], or given, that something after it reads. Shapes and other integers do not count, nor does
  // what many read all along (a mask).
  std::vector<int> alive(order.size() + 1, 0);
  for (graph::ValueId v = 0; v < g.value_count(); ++v) {
    const graph::Value& value = g.value(v);
    if (value.is_constant() || value.users.empty() || (value.type.is_tensor() && !is_floating(value.type.dtype))) continue;
    int from = value.producer == graph::k_none ? 0 : place.at(value.producer), to = from;
    for (graph::NodeId u : value.users) to = std::max(to, place.at(u));
    bool everywhere = value.users.size() >= 3 && 2 * (std::min(to, last) - std::max(from, first)) > last - first;
    if (!everywhere) ++alive[static_cast<size_t>(from)], --alive[static_cast<size_t>(to)];
  }
  for (size_t i = 1; i < alive.size(); ++i) alive[i] += alive[i - 1];
  int fewest = *std::min_element(alive.begin() + first, alive.begin() + last);
  std::vector<std::vector<graph::NodeId>> out(1);
  for (size_t k = 0; k < nodes.size(); ++k) {
    out.back().push_back(nodes[k]);
    if (k + 1 == nodes.size()) break;
    auto from = alive.begin() + place.at(nodes[k]), to = alive.begin() + place.at(nodes[k + 1]);
    if (std::find(from, to, fewest) != to) out.emplace_back();
  }
  return out;
}

}  // namespace mo::search
