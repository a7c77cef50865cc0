// How many threads each step gets: more than one only where its work outweighs waking them.
#pragma once
#include <span>

#include "graph/graph.h"
#include "ops/op.h"

namespace mo::plan {

// What one execution of a node does and moves; types are static. Movement counts what it makes, read and written.
ops::Cost node_cost(const graph::Graph& g, const graph::Node& n);

// A rough time of one node on one thread, from its cost; types are static.
double estimated_us(const graph::Graph& g, graph::NodeId id);

double copy_us(int64_t bytes);  // read and written together

// Steps shorter than this run on the calling thread. Low, because a region of threads that are awake costs about 1 us, less than what it costs one core to read
// from the cache of another what a step before left there: a plan with a team does best when nearly all of its steps are shared out.
inline constexpr double k_step_us = 2;
// A plan whose longer steps together take less than this never leaves the calling thread. Waking a thread that sleeps costs 30 to 50 us.
inline constexpr double k_plan_us = 100;

// While waiting threads sleep (base/calm.h), steps shorter than this keep to the calling thread.
inline constexpr double k_brief_us = 200;

// Of `threads`, what the plan of these nodes may use at all.
int plan_team(const graph::Graph& g, std::span<const graph::NodeId> nodes, int threads);
int step_team(double us, int plan_team);

}  // namespace mo::plan
