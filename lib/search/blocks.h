// Blocks: the units of a search that are more than one node.
#pragma once
#include <vector>

#include "graph/graph.h"

namespace mo::search {

std::vector<std::vector<graph::NodeId>> singles_of(const std::vector<graph::NodeId>& nodes);

// `nodes` (in the graph's order) cut where as few activations are alive as anywhere among them: between two residual blocks one sum. What at
// least three nodes read over more than half of the way (a mask) is not counted.
std::vector<std::vector<graph::NodeId>> blocks_of(const graph::Graph& g, const std::vector<graph::NodeId>& nodes);

}  // namespace mo::search
