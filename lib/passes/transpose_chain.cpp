// transpose_chain: y = Transpose(Transpose(x, p), q)  =>  y = Transpose(x, p∘q), which `identity` removes when nothing moves.
#include "passes/origin.h"
#include "passes/pass.h"

namespace mo::passes {

namespace {

bool run_transpose_chain(Graph& g) {
  bool changed = false;
  for (graph::NodeId id : g.order()) {
    const graph::Node& outer = g.node(id);
    if (!outer.is("Transpose")) continue;
    graph::NodeId first = g.producer_if(outer.input(0), "Transpose");
    if (first == graph::k_none) continue;
    std::vector<int64_t> p = g.node(first).ints("perm"), q = outer.ints("perm");
    if (p.empty() || p.size() != q.size()) continue;
    std::vector<int64_t> joined;
    for (int64_t axis : q) {
      if (axis < 0 || axis >= static_cast<int64_t>(p.size())) break;
      joined.push_back(p[static_cast<size_t>(axis)]);
    }
    if (joined.size() != p.size()) continue;
    g.edit(id).set("perm", joined);
    add_origin(g.edit(id), g.node(id));
    add_origin(g.edit(id), g.node(first));
    g.set_input(id, 0, g.node(first).inputs[0]);
    changed = true;
  }
  return changed;
}

}  // namespace

extern const Pass transpose_chain;
const Pass transpose_chain{"transpose_chain", Stage::simplify, run_transpose_chain};

}  // namespace mo::passes
