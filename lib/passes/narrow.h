// Convolutions in a 16-bit float: which ones, and the casts at the borders of their chains.
#pragma once
#include "graph/graph.h"

namespace mo::passes {

// Float convolutions with constant weights, and what only moves their values, get operands and results of dtype `to`; casts stand where such a
// chain begins and ends. Runs once, after every pass of stage plan, on a graph whose types are static. Returns how many nodes changed.
int narrow_convolutions(graph::Graph& g, DType to);

}  // namespace mo::passes
