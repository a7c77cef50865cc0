// Drawing the graph of given sizes: in order, nodes that read what differs from the drawing before.
#include "plan/blueprint.h"

#include <algorithm>

#include "base/log.h"
#include "passes/fold.h"
#include "plan/refine.h"

namespace mo::plan {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::Type;
using graph::ValueId;

const Graph* Blueprint::draw(std::span<const Type> types) {
  const bool all = !whole_;
  whole_ = false;
  ++turn_;
  moved_.assign(static_cast<size_t>(graph_.value_count()), 0);
  try {
    for (size_t k = 0; k < types.size(); ++k) {
      graph::Value& v = graph_.value(graph_.inputs[k]);
      moved_[static_cast<size_t>(graph_.inputs[k])] = !(v.type == types[k]);
      v.type = types[k];
    }
    for (NodeId id : graph_.order())
      if (!visit(id, all)) return nullptr;
  } catch (const Error& e) {  // the long way says it better
    log(LogLevel::debug, "blueprint: ", e.message());
    return nullptr;
  }
  whole_ = true;
  return &graph_;
}

bool Blueprint::visit(NodeId id, bool all) {
  const Node& n = graph_.node(id);
  auto moved = [&](ValueId v) { return v != k_none && moved_[static_cast<size_t>(v)]; };
  const int at = place_of_[static_cast<size_t>(id)];
  const Place* place = at < 0 ? nullptr : &places_[static_cast<size_t>(at)];
  if (!all && std::none_of(n.inputs.begin(), n.inputs.end(), moved) && (!place || std::none_of(place->leaves.begin(), place->leaves.end(), moved)))
    return true;
  stamps_[static_cast<size_t>(id)] = turn_;
  if (place && !fill(id, *place)) return false;
  std::vector<Type> before;
  for (ValueId y : n.outputs) {
    before.push_back(y == k_none ? Type() : graph_.value(y).type);
    if (y != k_none) graph_.value(y).constant = Tensor();
  }
  passes::FoldOptions fold;
  fold.retype = fold.outputs = fold.keep = true;
  const bool folded = passes::fold_node(graph_, id, fold);
  if (arithmetic_[static_cast<size_t>(id)] && !folded) return false;
  for (size_t i = 0; i < n.outputs.size(); ++i)
    if (ValueId y = n.outputs[i]; y != k_none) moved_[static_cast<size_t>(y)] = all || folded || !(graph_.value(y).type == before[i]);
  return true;
}

const Graph& Blueprint::result(const Place& place) {
  Seen& seen = seen_[static_cast<size_t>(place.form)];
  auto constant = [&](ValueId v) { return graph_.constant_of(v) ? *graph_.constant_of(v) : Tensor(); };
  bool same = seen.result && seen.types.size() == place.leaves.size();
  for (size_t k = 0; same && k < place.leaves.size(); ++k)
    same = seen.types[k] == graph_.value(place.leaves[k]).type && seen.constants[k].shares_storage(constant(place.leaves[k]));
  if (same) return *seen.result;
  seen = {};
  Graph g = forms_[static_cast<size_t>(place.form)].graph;
  const std::vector<ValueId> inputs = g.inputs;
  for (size_t k = 0; k < inputs.size(); ++k) {
    graph::Value& v = g.value(inputs[k]);
    seen.types.push_back(v.type = graph_.value(place.leaves[k]).type);
    seen.constants.push_back(v.constant = constant(place.leaves[k]));
    if (v.is_constant()) g.inputs.erase(std::find(g.inputs.begin(), g.inputs.end(), inputs[k]));
  }
  refine(g, true, options_);
  return seen.result.emplace(std::move(g));
}

// Gives a node what the passes give it on these sizes, which has to be the same operator on the same values.
bool Blueprint::fill(NodeId id, const Place& place) {
  const Graph& made = result(place);
  if (made.node_count() != 1) return false;
  const std::vector<ValueId>& inner = forms_[static_cast<size_t>(place.form)].graph.inputs;
  const Node &n = graph_.node(id), &m = made.node(made.order()[0]);
  if (n.op != m.op || n.domain != m.domain || n.inputs.size() != m.inputs.size()) return false;
  for (size_t i = 0; i < n.inputs.size(); ++i) {
    const ValueId want = n.inputs[i], got = m.inputs[i];
    if (want == k_none || got == k_none) {
      if (want != got) return false;
      continue;
    }
    if (auto leaf = std::find(inner.begin(), inner.end(), got); leaf != inner.end()) {
      if (place.leaves[static_cast<size_t>(leaf - inner.begin())] != want) return false;
      continue;
    }
    const Tensor *t = made.constant_of(got), *known = graph_.constant_of(want);
    if (!t || !known) return false;
    if (same_constant(*t, *known)) continue;
    if (!made_[static_cast<size_t>(want)]) return false;
    graph_.value(want).constant = *t;
    graph_.value(want).type = Type::tensor(t->dtype(), t->shape());
  }
  graph_.edit(id).attributes = m.attributes;
  return true;
}

}  // namespace mo::plan
