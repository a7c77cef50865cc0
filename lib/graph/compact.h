// A graph without what passes left behind: ids of nodes and values that are gone.
#pragma once
#include "graph/graph.h"

namespace mo::graph {

struct Compact {
  Graph graph;
  std::vector<ValueId> values;  // new id of each old one, k_none where it is gone
  std::vector<NodeId> nodes;
};

// Keeps live nodes in their order, the values they touch, inputs, outputs and captures.
Compact compacted(const Graph& g);

}  // namespace mo::graph
