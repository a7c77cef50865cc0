// Which nodes of the model a fused node came from, so that `explain` and reports can name them: metadata entries "mo.origin", one per name.
#pragma once
#include <string>
#include <vector>

#include "graph/graph.h"

namespace mo::passes {

// Adds `from`'s origins (its own name when it has none recorded) to `node`. Call it for every node that a fusion swallows.
void add_origin(graph::Node& node, const graph::Node& from);
std::vector<std::string> origins(const graph::Node& node);  // empty: the node is itself

}  // namespace mo::passes
