// What the passes make of a program's graph: once as the model leaves it, and again when the sizes of its inputs are known.
#pragma once
#include "graph/graph.h"
#include "plan/shared.h"

namespace mo::plan {

// Adds observed values to the outputs so that no pass takes them away; the caller cuts the list back to the returned size.
size_t protect_observed(graph::Graph& g, const Options& options);

// Makes a Program's graph ready: passes of all stages, observed values kept. Used on the model and on bodies.
void optimize(graph::Graph& g, const Options& options);

// The graph for the types that its inputs have now: inferred, folded, and where that folded something, or `sized` says that sizes became known, the passes again.
// Returns how many nodes were folded.
int refine(graph::Graph& g, bool sized, const Options& options);

}  // namespace mo::plan
