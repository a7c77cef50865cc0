// Compares two graphs by name: inputs, outputs, nodes in order, attributes, subgraphs, types and constants, bit by bit.
#pragma once
#include <string>

#include "graph/graph.h"

// Empty when equal, else what differs first.
std::string difference(const mo::graph::Graph& a, const mo::graph::Graph& b);
std::string difference(const mo::graph::Model& a, const mo::graph::Model& b);
