// The pass driver: every pass of a stage in table order, round after round until a round changes nothing; subgraphs included.
#include <algorithm>

#include "base/log.h"
#include "ops/op.h"
#include "passes/pass.h"

namespace mo::passes {

#define MO_PASS(identifier) extern const Pass identifier;
#include "passes/passes.inc"
#undef MO_PASS

namespace {

constexpr const Pass* k_none_yet = nullptr;
constexpr const Pass* k_table[] = {
#define MO_PASS(identifier) &identifier,
#include "passes/passes.inc"
#undef MO_PASS
    k_none_yet,
};

constexpr int k_max_rounds = 20;  // a chain of rewrites longer than this goes on working, only less optimised
constexpr int k_max_depth = 64;

bool run_to_end(Graph& g, Stage stage, std::span<const std::string> disabled, int depth);

// Subgraphs are shared and immutable: a changed copy takes the place of the old one.
bool run_subgraphs(Graph& g, Stage stage, std::span<const std::string> disabled, int depth) {
  bool changed = false;
  const std::vector<graph::NodeId> order = g.order();
  for (graph::NodeId id : order) {
    for (const auto& [attribute, attr] : std::vector(g.node(id).attributes)) {
      const auto* sub = std::get_if<graph::GraphPtr>(&attr);
      if (!sub) continue;
      auto copy = std::make_shared<Graph>(**sub);
      for (const graph::Capture& c : copy->captures) copy->value(c.inner).type = g.value(c.outer).type;
      try {
        if (!run_to_end(*copy, stage, disabled, depth + 1)) continue;
      } catch (const Error& e) {  // a branch that fits no input may never run; it objects when it does
        log(LogLevel::debug, "subgraph of '", printable(g.node(id).name), "' left as it is: ", e.message());
        continue;
      }
      g.set_subgraph(id, attribute, std::move(copy));
      changed = true;
    }
  }
  return changed;
}

bool run_to_end(Graph& g, Stage stage, std::span<const std::string> disabled, int depth) {
  require(depth < k_max_depth, Code::limit, "subgraphs are nested deeper than ", k_max_depth);
  bool any = false;
  for (int round = 0; round < k_max_rounds; ++round) {
    ops::infer_graph(g);
    bool changed = false;
    for (const Pass* pass : k_table) {
      if (!pass || pass->stage != stage || std::find(disabled.begin(), disabled.end(), pass->name) != disabled.end()) continue;
      if (!pass->run(g)) continue;
      log(LogLevel::debug, "pass ", pass->name, " changed graph '", printable(g.name), "'");
      changed = true;
    }
    changed |= run_subgraphs(g, stage, disabled, depth);
    changed |= g.remove_dead() > 0;
    if (!changed) break;
    any = true;
  }
  return any;
}

const std::vector<Pass>& table() {
  static const std::vector<Pass> copies = [] {
    std::vector<Pass> v;
    for (const Pass* pass : k_table)
      if (pass) v.push_back(*pass);
    return v;
  }();
  return copies;
}

}  // namespace

std::span<const Pass> all() { return table(); }

void run(Graph& g, Stage stage, std::span<const std::string> disabled) {
  run_to_end(g, stage, disabled, 0);
  g.sort();
}

}  // namespace mo::passes
