// Small steps that several passes share.
#pragma once
#include "graph/graph.h"

namespace mo::passes {

// Takes a node out whose output `gone` equals its input `kept`: readers of `gone` read `kept`. When `gone` is an output of the graph, its
// name survives by making `kept`'s producer write it. False (nothing changed) where that cannot be.
bool bypass(graph::Graph& g, graph::NodeId id, graph::ValueId gone, graph::ValueId kept);

}  // namespace mo::passes
