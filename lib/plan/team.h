// How many threads each step gets: more than one only where its work outweighs waking them.
#pragma once
#include <span>

#include "graph/graph.h"

namespace mo::plan {

// A rough time of one node on one thread, from its cost; types are static.
double estimated_us(const graph::Graph& g, graph::NodeId id);

double copy_us(int64_t bytes);  // read and written together

// Steps shorter than this run on the calling thread.
inline constexpr double k_step_us = 30;
// A plan whose longer steps together take less than this never leaves the calling thread.
inline constexpr double k_plan_us = 250;

// Of `threads`, what the plan of these nodes may use at all.
int plan_team(const graph::Graph& g, std::span<const graph::NodeId> nodes, int threads);
int step_team(double us, int plan_team);

}  // namespace mo::plan
