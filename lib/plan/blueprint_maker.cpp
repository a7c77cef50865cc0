// Making a blueprint: what the passes did with stand-ins for the sizes, followed back node by node to the graph they began with.
#include <algorithm>

#include "base/log.h"
#include "graph/compact.h"
#include "ops/op.h"
#include "passes/fold.h"
#include "plan/blueprint.h"
#include "plan/refine.h"

namespace mo::plan {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::Type;
using graph::ValueId;

class Blueprint::Maker {
 public:
  Maker(const Graph& source, size_t output_count, const OpenSizes& sizes, const Options& options)
      : source_(source),
        output_count_(output_count),
        sizes_(sizes),
        options_(options),
        fixed_(source),
        folded_(source),
        values_(source.value_count()) {}

  std::unique_ptr<Blueprint> run() {
    for (NodeId id : source_.order())
      if (!graph::subgraphs(source_.node(id)).empty()) return nullptr;
    look();
    for (NodeId id : best_.order())
      if (!follow(id)) return refuse(id);
    for (ValueId v : best_.outputs)
      if (!need(v)) return nullptr;
    return assemble();
  }

 private:
  std::unique_ptr<Blueprint> refuse(NodeId id) const {
    log(LogLevel::debug, "no blueprint: '", printable(best_.node(id).name), "' cannot be followed");
    return nullptr;
  }

  // The graph as inference knows it whatever the sizes, as folding leaves it with the stand-ins, and as the passes leave that.
  void look() {
    auto set = [&](Graph& g, const std::vector<Type>& types) {
      for (size_t k = 0; k < types.size(); ++k) g.value(g.inputs[k]).type = types[k];
    };
    passes::FoldOptions fold;
    fold.retype = fold.outputs = true;
    set(fixed_, sizes_.open);
    passes::fold_constants(fixed_, fold);
    set(folded_, sizes_.sized);
    passes::fold_constants(folded_, fold);
    best_ = folded_;
    refine(best_, true, options_);
    drawn_ = best_;
    ready_.assign(static_cast<size_t>(values_), 0);
    place_of_.assign(best_.order().empty() ? 0 : static_cast<size_t>(*std::max_element(best_.order().begin(), best_.order().end())) + 1, -1);
  }

  bool from_source(ValueId v) const { return v < values_; }
  bool constant(const Graph& g, ValueId v) const { return from_source(v) && !source_.constant_of(v) && g.constant_of(v); }
  bool of_sizes(ValueId v) const { return constant(folded_, v) && !constant(fixed_, v); }  // computed from them
  bool varies(ValueId v) const { return of_sizes(v) || (!source_.constant_of(v) && !fixed_.value(v).type.is_static()); }
  // A constant that only the passes made one.
  bool late(ValueId v) const {
    return best_.constant_of(v) && (!from_source(v) || (!source_.constant_of(v) && !constant(folded_, v) && !settled(v)));
  }
  // Folded after the passes from what does not depend on sizes: weights that no kernel takes as integers.
  bool settled(ValueId v) const {
    const NodeId p = source_.value(v).producer;
    if (p == k_none || source_.node(p).op != "DequantizeLinear") return false;
    return std::all_of(source_.node(p).inputs.begin(), source_.node(p).inputs.end(),
                       [&](ValueId x) { return x == k_none || source_.constant_of(x) || constant(fixed_, x); });
  }

  bool follow(NodeId id) {
    const Node& n = best_.node(id);
    for (ValueId y : n.outputs)
      if (y != k_none && !from_source(y)) return false;
    bool as_it_was = source_.alive(id) && same_node(n, source_.node(id));
    for (ValueId x : n.inputs) {
      if (x == k_none) continue;
      if (late(x)) as_it_was = false;
      else if (!from_source(x) || !need(x)) return false;
    }
    return as_it_was || replace(id, n);
  }

  // A node that the passes made or changed.
  bool replace(NodeId id, const Node& n) {
    auto known = [&](ValueId v) { return constant(fixed_, v) ? fixed_.constant_of(v) : source_.constant_of(v); };
    auto is_leaf = [&](ValueId v) { return constant(folded_, v) || (!late(v) && std::find(n.inputs.begin(), n.inputs.end(), v) != n.inputs.end()); };
    std::optional<Cone> cone = cone_of(source_, n.outputs, known, is_leaf);
    if (!cone) return false;
    if (std::none_of(cone->values.begin(), cone->values.end(), [&](ValueId v) { return varies(v); })) return true;
    for (ValueId v : cone->leaves)
      if (!need(v)) return false;
    auto it = std::find_if(forms_.begin(), forms_.end(), [&](const Cone& c) { return same_form(c, *cone); });
    places_.push_back({static_cast<int>(it - forms_.begin()), cone->leaves});
    if (it == forms_.end()) forms_.push_back(std::move(*cone));
    place_of_[static_cast<size_t>(id)] = static_cast<int>(places_.size()) - 1;
    return true;
  }

  // Sees to it that `v` is there whatever the sizes: made by a node of the optimised graph, a constant, or computed again.
  bool need(ValueId v) {
    if (!from_source(v)) return best_.value(v).producer != k_none || best_.constant_of(v);
    if (ready_[static_cast<size_t>(v)]) return true;
    ready_[static_cast<size_t>(v)] = 1;
    if (const Tensor* t = source_.constant_of(v)) return keep(v, *t);  // the passes may have dropped it
    if (best_.value(v).producer != k_none || source_.value(v).producer == k_none) return true;
    if (constant(fixed_, v)) return keep(v, fixed_.value(v).constant);
    if (!of_sizes(v)) return best_.constant_of(v) != nullptr;
    const NodeId p = source_.value(v).producer;
    const Node& n = source_.node(p);
    const bool shape_only = ops::get(n).flags & ops::k_shape_only;
    for (ValueId x : n.inputs) {
      if (x == k_none) continue;
      if (!need(x)) return false;
      if (!shape_only && !source_.constant_of(x) && !constant(folded_, x)) return false;
    }
    for (ValueId y : n.outputs) {
      if (y == k_none) continue;
      ready_[static_cast<size_t>(y)] = 1;
      keep(y, Tensor());
      drawn_.value(y).type = Type();
    }
    arithmetic_.push_back(drawn_.insert_before(drawn_.order().front(), n));
    return true;
  }

  bool keep(ValueId v, Tensor t) {
    drawn_.value(v).constant = std::move(t);
    if (drawn_.value(v).is_constant()) drawn_.value(v).type = Type::tensor(drawn_.value(v).constant.dtype(), drawn_.value(v).constant.shape());
    return true;
  }

  std::unique_ptr<Blueprint> assemble() {
    drawn_.sort();
    graph::Compact small = graph::compacted(drawn_);
    auto out = std::make_unique<Blueprint>();
    out->options_ = options_;
    out->graph_ = std::move(small.graph);
    const size_t nodes = out->graph_.node_count(), values = static_cast<size_t>(out->graph_.value_count());
    out->place_of_.assign(nodes, -1);
    out->arithmetic_.assign(nodes, 0);
    out->made_.assign(values, 0);
    auto here = [&](ValueId v) { return small.values[static_cast<size_t>(v)]; };
    for (NodeId id : arithmetic_) out->arithmetic_[static_cast<size_t>(small.nodes[static_cast<size_t>(id)])] = 1;
    for (Place& place : places_)
      for (ValueId& v : place.leaves) v = here(v);
    for (NodeId id : best_.order()) {
      const int place = place_of_[static_cast<size_t>(id)];
      out->place_of_[static_cast<size_t>(small.nodes[static_cast<size_t>(id)])] = place;
      if (place < 0) continue;
      for (ValueId x : best_.node(id).inputs) {
        if (x == k_none || !late(x)) continue;
        const auto& users = best_.value(x).users;
        if (std::all_of(users.begin(), users.end(), [&](NodeId u) { return place_of_[static_cast<size_t>(u)] >= 0; }))
          out->made_[static_cast<size_t>(here(x))] = 1;
      }
    }
    out->forms_ = std::move(forms_);
    out->places_ = std::move(places_);
    out->stamps_.assign(nodes, 0);
    out->seen_.resize(out->forms_.size());
    out->folded_ = static_cast<int>(arithmetic_.size());
    out->graph_.outputs.resize(output_count_);
    if (!agrees(*out, small)) return nullptr;
    return out;
  }

  // With the stand-ins, the blueprint has to give what the passes gave.
  bool agrees(Blueprint& made, const graph::Compact& small) const {
    const Graph* g = made.draw(sizes_.sized);
    if (!g) return false;
    for (NodeId id : best_.order()) {
      const Node &n = best_.node(id), &m = g->node(small.nodes[static_cast<size_t>(id)]);
      if (!same_attributes(n, m) || n.inputs.size() != m.inputs.size()) return false;
      for (ValueId x : n.inputs) {
        if (x == k_none) continue;
        const Tensor *a = best_.constant_of(x), *b = g->constant_of(small.values[static_cast<size_t>(x)]);
        if (!a != !b || (a && !same_constant(*a, *b))) return false;
      }
      for (ValueId y : n.outputs)
        if (y != k_none && !(best_.value(y).type == g->value(small.values[static_cast<size_t>(y)]).type)) return false;
    }
    return true;
  }

  const Graph& source_;
  const size_t output_count_;
  const OpenSizes& sizes_;
  const Options& options_;
  Graph fixed_, folded_, best_, drawn_;
  const int32_t values_;
  std::vector<char> ready_;
  std::vector<int> place_of_;
  std::vector<Place> places_;
  std::vector<Cone> forms_;
  std::vector<NodeId> arithmetic_;
};

std::unique_ptr<Blueprint> Blueprint::make(const Graph& source, size_t output_count, const OpenSizes& sizes, const Options& options) {
  try {
    return Maker(source, output_count, sizes, options).run();
  } catch (const Error& e) {
    log(LogLevel::debug, "no blueprint: ", e.message());
    return nullptr;
  }
}

}  // namespace mo::plan
