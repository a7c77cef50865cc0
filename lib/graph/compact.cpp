// Copying only what lives.
#include "graph/compact.h"

namespace mo::graph {

namespace {

class Copier {
 public:
  explicit Copier(const Graph& g) : from_(g) {
    to_.values.assign(static_cast<size_t>(g.value_count()), k_none);
    to_.graph.name = g.name;
    to_.graph.doc = g.doc;
    to_.graph.metadata = g.metadata;
  }

  Compact run() {
    for (ValueId v : from_.inputs) to_.graph.inputs.push_back(value(v));
    for (const Capture& c : from_.captures) to_.graph.captures.push_back({c.outer, value(c.inner)});
    for (NodeId id : from_.order()) node(id);
    for (ValueId v : from_.outputs) to_.graph.outputs.push_back(value(v));
    return std::move(to_);
  }

 private:
  ValueId value(ValueId v) {
    if (v == k_none) return k_none;
    ValueId& id = to_.values[static_cast<size_t>(v)];
    if (id != k_none) return id;
    const Value& old = from_.value(v);
    id = to_.graph.add_value(old.name, old.type);
    to_.graph.value(id).doc = old.doc;
    to_.graph.value(id).constant = old.constant;
    return id;
  }

  void node(NodeId id) {
    Node n = from_.node(id);
    for (ValueId& v : n.inputs) v = value(v);
    for (ValueId& v : n.outputs) v = value(v);
    for (auto& [key, attribute] : n.attributes) {
      if (auto* one = std::get_if<GraphPtr>(&attribute)) *one = body(**one);
      if (auto* list = std::get_if<std::vector<GraphPtr>>(&attribute))
        for (GraphPtr& g : *list) g = body(*g);
    }
    if (static_cast<size_t>(id) >= to_.nodes.size()) to_.nodes.resize(static_cast<size_t>(id) + 1, k_none);
    to_.nodes[static_cast<size_t>(id)] = to_.graph.add_node(std::move(n));
  }

  GraphPtr body(const Graph& g) {
    auto copy = std::make_shared<Graph>(g);
    for (Capture& c : copy->captures) c.outer = value(c.outer);
    return copy;
  }

  const Graph& from_;
  Compact to_;
};

}  // namespace

Compact compacted(const Graph& g) { return Copier(g).run(); }

}  // namespace mo::graph
