// fuse_layer_norm: d = x - ReduceMean(x); d / Sqrt(ReduceMean(d^2) + eps) * scale + bias  =>  LayerNormalization(x, scale, bias)   (last axis)
#include "passes/norm_match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

// A constant vector as long as the last axis of x (axes of size 1 before it are allowed).
bool row_vector(const Graph& g, ValueId v, ValueId x) {
  const Tensor* t = g.constant_of(v);
  const graph::Type& type = g.value(x).type;
  if (!t || t->dtype() != DType::f32 || t->rank() < 1 || !type.ranked || type.dims.empty() || t->rank() > type.rank()) return false;
  return t->dim(-1) == t->size() && type.dims.back().size == t->size();
}

ValueId flat(Graph& g, ValueId v) {
  const Tensor* t = g.constant_of(v);
  if (t->rank() == 1) return v;
  return g.add_constant(g.value(v).name, t->reshaped({t->size()}));
}

bool fuse_one(Graph& g, NodeId id) {
  const Node& add = g.node(id);
  for (size_t i = 0; i < 2; ++i) {
    NodeId mul = only(g, add.input(i), "Mul");
    if (mul == k_none) continue;
    ValueId bias = add.input(1 - i);
    for (size_t j = 0; j < 2; ++j) {
      NodeId div = only(g, g.node(mul).input(j), "Div");
      if (div == k_none) continue;
      ValueId scale = g.node(mul).input(1 - j), d = g.node(div).input(0);
      NodeId sub = g.producer_if(d, "Sub"), root = g.producer_if(g.node(div).input(1), "Sqrt");
      if (sub == k_none || root == k_none) continue;
      ValueId x = g.node(sub).input(0);
      NodeId mean = g.producer_if(g.node(sub).input(1), "ReduceMean"), shifted = g.producer_if(g.node(root).input(0), "Add");
      if (mean == k_none || g.node(mean).input(0) != x || !mean_over_last(g, g.node(mean)) || shifted == k_none) continue;
      auto eps = with_scalar(g, g.node(shifted));
      NodeId variance = eps ? g.producer_if(eps->rest, "ReduceMean") : k_none;
      if (variance == k_none || !mean_over_last(g, g.node(variance)) || !square_of(g, g.node(variance).input(0), d)) continue;
      if (!is_float(g, x) || !row_vector(g, scale, x) || !row_vector(g, bias, x)) continue;
      ValueId s = flat(g, scale), b = flat(g, bias);
      NodeId gone[] = {mul, div, sub, root, mean, shifted, variance};
      become(g, id, "LayerNormalization", "", {x, s, b}, {{"axis", int64_t{-1}}, {"epsilon", eps->value}}, gone);
      return true;
    }
  }
  return false;
}

bool run_fuse_layer_norm(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order)
    if (g.alive(id) && g.node(id).is("Add") && g.node(id).inputs.size() == 2) changed |= fuse_one(g, id);
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass fuse_layer_norm;
const Pass fuse_layer_norm{"fuse_layer_norm", Stage::simplify, run_fuse_layer_norm};

}  // namespace mo::passes
