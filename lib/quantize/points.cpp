// The walk from compute nodes backwards through what can carry integers.
#include "quantize/points.h"

#include <algorithm>
#include <vector>

#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

bool is_float_activation(const Graph& g, ValueId v) {
  if (v == k_none) return false;
  const graph::Value& value = g.value(v);
  return !value.is_constant() && value.type.is_tensor() && value.type.dtype == DType::f32;
}

std::string why_not(const Graph& g, const Node& n) {
  auto place = weight_of(g, n);
  if (!place) return "its weights are not constant";
  const Tensor& w = *g.constant_of(n.input(place->input));
  if (w.dtype() != DType::f32) return text("its weights are ", name(w.dtype()), ", not float32");
  if (w.size() == 0) return "its weights are empty";
  if (n.is("Gemm") && n.i("transA", 0)) return "its data operand is transposed";
  if (role_of(n) == Role::compute && !is_float_activation(g, n.input(0))) return "its data operand is not a float32 activation";
  return "";
}

class Chooser {
 public:
  Chooser(const Graph& g, const std::function<std::string(const Node&)>& wanted, const PointOptions& options)
      : g_(g), wanted_(wanted), options_(options) {}

  Points run() {
    do {
      points_ = {};
      for (NodeId id : g_.order()) seed(id);
      if (options_.outputs)
        for (ValueId v : g_.outputs)
          if (is_float_activation(g_, v) && g_.value(v).producer != k_none) points_.values.insert(v);
      // Backwards: consumers come before producers, so one sweep sees every need.
      for (auto it = g_.order().rbegin(); it != g_.order().rend(); ++it) carry(*it);
    } while (drop_stranded());
    for (NodeId id : g_.order()) share(id);
    return std::move(points_);
  }

 private:
  void seed(NodeId id) {
    const Node& n = g_.node(id);
    Role role = role_of(n);
    if (role != Role::compute && role != Role::table) return;
    bool attention = options_.attention && is_product_of_activations(g_, n);
    std::string reason = attention ? "" : why_not(g_, n);
    if (role == Role::table && !reason.empty()) return;  // an ordinary Gather is nothing to report
    if (reason.empty()) reason = wanted_(n);
    if (!reason.empty()) {
      points_.reasons[id] = reason;
      return;
    }
    points_.quantized.insert(id);
    if (role == Role::compute) points_.values.insert(n.input(0));
    if (attention) points_.values.insert(n.input(1));
  }

  // Arithmetic on integers pays only where integers arrive: a combine node with an operand that a float node makes (the scaling inside
  // a normalisation, a gate) and that no compute node wants as integers anyway goes back to float, and with it what was needed for it alone.
  bool drop_stranded() {
    size_t before = stranded_.size();
    for (NodeId id : points_.quantized) {
      const Node& n = g_.node(id);
      if (role_of(n) != Role::combine) continue;
      for (size_t i : data_inputs(n))
        if (!integer_made(n.input(i)) && !wanted_by_compute(n.input(i))) stranded_.insert(id);
    }
    return stranded_.size() != before;
  }

  bool wanted_by_compute(ValueId v) const {
    const auto& users = g_.value(v).users;
    return std::any_of(users.begin(), users.end(), [&](NodeId u) {
      return role_of(g_.node(u)) == Role::compute && points_.quantized.contains(u) &&
             (g_.node(u).input(0) == v || (g_.node(u).input(1) == v && is_product_of_activations(g_, g_.node(u))));
    });
  }

  bool integer_made(ValueId v) const {
    NodeId p = g_.value(v).producer;
    while (p != k_none && (role_of(g_.node(p)) == Role::activate || role_of(g_.node(p)) == Role::move)) p = g_.value(g_.node(p).input(0)).producer;
    return p == k_none ? !g_.value(v).is_constant() : points_.quantized.contains(p);
  }

  // The activation between a node and the value it feeds, when it will be swallowed.
  bool needed(ValueId v) const { return points_.values.contains(after_activation(g_, v)); }

  void carry(NodeId id) {
    const Node& n = g_.node(id);
    Role role = role_of(n);
    if ((role != Role::combine && role != Role::move) || n.outputs.empty()) return;
    for (ValueId out : n.outputs)
      if (out == k_none || !needed(out)) return;
    if (stranded_.contains(id) || !wanted_(n).empty()) return;
    if (n.is("Pad") && !pads_with_zero(n)) return;
    for (size_t i : data_inputs(n)) {
      ValueId v = n.input(i);
      bool constant = g_.constant_of(v) != nullptr;
      if (!constant && !is_float_activation(g_, v)) return;
      if (constant && (role == Role::move || g_.constant_of(v)->dtype() != DType::f32)) return;
      if (constant && n.is("Mul") && g_.constant_of(v)->size() > 1) return;  // one scale for factors of many sizes would lose the small ones
    }
    points_.quantized.insert(id);
    for (size_t i : data_inputs(n))
      if (!g_.constant_of(n.input(i))) points_.values.insert(n.input(i));
  }

  // Zero is the one real number that every scale represents.
  bool pads_with_zero(const Node& n) const {
    const Tensor* value = g_.constant_of(n.input(2));
    return n.s("mode", "constant") == "constant" && (n.input(2) == k_none || (value && value->size() == 1 && value->number() == 0));
  }

  void share(NodeId id) {
    const Node& n = g_.node(id);
    if (role_of(n) != Role::move || !points_.quantized.contains(id)) return;
    ValueId source = n.input(0);
    if (auto it = points_.shares.find(source); it != points_.shares.end()) source = it->second;
    for (ValueId out : n.outputs)
      if (points_.values.contains(out)) points_.shares[out] = source;
  }

  const Graph& g_;
  const std::function<std::string(const Node&)>& wanted_;
  const PointOptions& options_;
  Points points_;
  std::set<NodeId> stranded_;
};

}  // namespace

ValueId after_activation(const Graph& g, ValueId v) {
  NodeId user = g.sole_user(v);
  if (user == k_none || role_of(g.node(user)) != Role::activate || g.node(user).input(0) != v) return v;
  return g.node(user).outputs[0];
}

Points choose_points(const Graph& g, const std::function<std::string(const Node&)>& wanted, const PointOptions& options) {
  return Chooser(g, wanted, options).run();
}

}  // namespace mo::quantize
