// Digging from results to leaves, in an order that depends on the form alone.
#include "plan/cone.h"

namespace mo::plan {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

namespace {

constexpr int k_most_nodes = 64;

class Digger {
 public:
  Digger(const Graph& source, const std::function<const Tensor*(ValueId)>& known, const std::function<bool(ValueId)>& is_leaf)
      : source_(source), known_(known), is_leaf_(is_leaf), ids_(static_cast<size_t>(source.value_count()), k_none) {}

  std::optional<Cone> run(std::span<const ValueId> results) {
    for (ValueId v : results)
      if (v != k_none) make(v);
    for (ValueId v : results)
      if (v != k_none && ok_) cone_.graph.outputs.push_back(ids_[static_cast<size_t>(v)]);
    if (!ok_) return std::nullopt;
    return std::move(cone_);
  }

 private:
  ValueId read(ValueId v) {
    if (v == k_none || !ok_) return k_none;
    ValueId& id = ids_[static_cast<size_t>(v)];
    if (id != k_none) return id;
    if (const Tensor* t = known_(v)) return cone_.values.push_back(v), id = cone_.graph.add_constant({}, *t);
    if (!is_leaf_(v)) return make(v), ids_[static_cast<size_t>(v)];
    id = cone_.graph.add_value({});
    cone_.values.push_back(v);
    cone_.graph.inputs.push_back(id);
    cone_.leaves.push_back(v);
    return id;
  }

  void make(ValueId v) {
    if (!ok_ || ids_[static_cast<size_t>(v)] != k_none) return;
    const NodeId p = source_.value(v).producer;
    ok_ = p != k_none && ++nodes_ <= k_most_nodes && graph::subgraphs(source_.node(p)).empty();
    if (!ok_) return;
    Node n = source_.node(p);
    for (ValueId& x : n.inputs) x = read(x);
    if (!ok_) return;
    for (ValueId& y : n.outputs) {
      if (y == k_none) continue;
      cone_.values.push_back(y);
      y = ids_[static_cast<size_t>(y)] = cone_.graph.add_value({});
    }
    cone_.graph.add_node(std::move(n));
  }

  const Graph& source_;
  const std::function<const Tensor*(ValueId)>& known_;
  const std::function<bool(ValueId)>& is_leaf_;
  std::vector<ValueId> ids_;
  Cone cone_;
  int nodes_ = 0;
  bool ok_ = true;
};

bool same_value(const graph::AttrValue& a, const graph::AttrValue& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        const T& y = std::get<T>(b);
        if constexpr (std::is_same_v<T, Tensor>) {
          return same_constant(x, y);
        } else if constexpr (std::is_same_v<T, std::vector<Tensor>>) {
          bool same = x.size() == y.size();
          for (size_t i = 0; same && i < x.size(); ++i) same = same_constant(x[i], y[i]);
          return same;
        } else {
          return x == y;
        }
      },
      a);
}

}  // namespace

std::optional<Cone> cone_of(const Graph& source, std::span<const ValueId> results, const std::function<const Tensor*(ValueId)>& known,
                            const std::function<bool(ValueId)>& is_leaf) {
  return Digger(source, known, is_leaf).run(results);
}

bool same_constant(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && (a.raw() == b.raw() || identical(a, b));
}

bool same_attributes(const Node& a, const Node& b) {
  if (a.op != b.op || a.domain != b.domain || a.attributes.size() != b.attributes.size()) return false;
  for (size_t i = 0; i < a.attributes.size(); ++i)
    if (a.attributes[i].first != b.attributes[i].first || !same_value(a.attributes[i].second, b.attributes[i].second)) return false;
  return true;
}

bool same_node(const Node& a, const Node& b) { return a.inputs == b.inputs && a.outputs == b.outputs && same_attributes(a, b); }

bool same_form(const Cone& a, const Cone& b) {
  const Graph &x = a.graph, &y = b.graph;
  if (x.node_count() != y.node_count() || x.value_count() != y.value_count() || x.inputs != y.inputs || x.outputs != y.outputs) return false;
  for (size_t i = 0; i < x.node_count(); ++i)
    if (!same_node(x.node(x.order()[i]), y.node(y.order()[i]))) return false;
  for (ValueId v = 0; v < x.value_count(); ++v)
    if (!same_constant(x.value(v).constant, y.value(v).constant)) return false;
  return true;
}

}  // namespace mo::plan
