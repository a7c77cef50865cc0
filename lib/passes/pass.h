// Graph rewrites by name, in one ordered table.
#pragma once
#include <span>
#include <string>

#include "graph/graph.h"

namespace mo::passes {

using graph::Graph;

// enter: before anything else when a session is made, never saved. simplify: standard ONNX in, standard ONNX out (may be saved). plan: makes
// libmo's own "mo" operators, only inside a plan.
enum class Stage { simplify, plan, enter };

struct Pass {
  const char* name;
  Stage stage;
  bool (*run)(Graph&);  // true when it changed something; leaves the graph sorted and valid
};

std::span<const Pass> all();

// Runs the stage's passes in table order, round after round until none changes anything (bounded). Goes into subgraphs too.
void run(Graph& g, Stage stage, std::span<const std::string> disabled = {});

// Contents known from constants, computed by reference kernels; outputs above `max_bytes` are left alone.
struct FoldLimits {
  int64_t max_bytes = int64_t{64} << 20;
};

}  // namespace mo::passes
