// What a plan does with each node: the kernel, the layouts, what declined and why, what was fused, and times when profiled.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace mo::plan {

struct Refusal {
  std::string kernel, reason;
};

// The node that a step came from.
struct StepOwner {
  std::string node;
  std::vector<std::string> origins;
};

struct StepReport {
  std::string node, op;              // op with its domain: "Conv", "mo.Conv"
  std::vector<std::string> origins;  // names of the model's nodes that became this step, when not just itself
  std::string kernel;                // "onednn_conv", "reference", "alias", "reorder", "copy", "body"
  std::string detail;                // what the library underneath chose
  std::string inputs, outputs;       // "float32[1, 3, 8, 8] channels_last, ..."
  std::vector<Refusal> refusals;     // of the candidates before the chosen one
  std::string where;                 // "" in the main plan, else the subgraph or tail: "loop_1.body"
  int64_t scratch_bytes = 0;
  bool in_place = false;
  // What one execution does and moves: multiply-accumulates, other operations, bytes read and written. 0 where only running tells.
  int64_t macs = 0, flops = 0, bytes = 0;
  int64_t calls = 0;  // when profiled: in all runs together
  double total_us = 0;
  double min_us = 0, median_us = 0;  // of a run: all calls in it together
};

struct Report {
  std::vector<StepReport> steps;  // in order of execution, bodies after their owner
  int64_t arena_bytes = 0, packed_bytes = 0, weight_bytes = 0;
  int64_t folded_nodes = 0;  // computed at plan time
  int threads = 1;
  double compile_ms = 0;
  double run_us = 0;  // whole run, mean, when profiled
  double run_min_us = 0, run_median_us = 0;
  int64_t runs = 0;
};

// The arithmetic of a step's products: "int8", "bf16" or "fp32"; "" where it has none.
std::string arithmetic(const StepReport& step);

std::string to_text(const Report& report);
std::string to_json(const Report& report);

}  // namespace mo::plan
