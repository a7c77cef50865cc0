// fuse_rms_norm: x * (1 / Sqrt(ReduceMean(x^2) + eps)) * scale  =>  RMSNormalization(x, scale)   (last axis; x / Sqrt(...) likewise)
#include "passes/norm_match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

// v = Sqrt(ReduceMean(x^2) + eps)
std::optional<float> root_mean_square(const Graph& g, ValueId v, ValueId x) {
  NodeId root = g.producer_if(v, "Sqrt");
  NodeId add = root == k_none ? k_none : g.producer_if(g.node(root).input(0), "Add");
  if (add == k_none) return std::nullopt;
  auto eps = with_scalar(g, g.node(add));
  NodeId mean = eps ? g.producer_if(eps->rest, "ReduceMean") : k_none;
  if (mean == k_none || !mean_over_last(g, g.node(mean)) || !square_of(g, g.node(mean).input(0), x)) return std::nullopt;
  return eps->value;
}

// v = x / rms(x): finds x
std::optional<float> normalised(const Graph& g, ValueId v, ValueId& x) {
  if (NodeId div = only(g, v, "Div"); div != k_none) {
    x = g.node(div).input(0);
    return root_mean_square(g, g.node(div).input(1), x);
  }
  NodeId mul = only(g, v, "Mul");
  if (mul == k_none) return std::nullopt;
  for (size_t i = 0; i < 2; ++i) {
    x = g.node(mul).input(1 - i);
    ValueId f = g.node(mul).input(i);
    if (NodeId r = g.producer_if(f, "Reciprocal"); r != k_none) {
      if (auto e = root_mean_square(g, g.node(r).input(0), x)) return e;
    }
    if (NodeId d = g.producer_if(f, "Div"); d != k_none && is_scalar(g, g.node(d).input(0), 1)) {
      if (auto e = root_mean_square(g, g.node(d).input(1), x)) return e;
    }
  }
  return std::nullopt;
}

bool fuse_one(Graph& g, NodeId id) {
  for (size_t i = 0; i < 2; ++i) {
    ValueId v = g.node(id).input(i), scale = g.node(id).input(1 - i), x = k_none;
    const Tensor* t = g.constant_of(scale);
    if (!t || t->dtype() != DType::f32 || t->rank() != 1) continue;
    auto eps = normalised(g, v, x);
    if (!eps || !is_float(g, x) || !g.value(x).type.ranked || g.value(x).type.dims.back().size != t->size()) continue;
    NodeId gone[] = {g.value(v).producer};
    become(g, id, "RMSNormalization", "", {x, scale}, {{"axis", int64_t{-1}}, {"epsilon", *eps}}, gone);
    return true;
  }
  return false;
}

bool run_fuse_rms_norm(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order)
    if (g.alive(id) && g.node(id).is("Mul") && g.node(id).inputs.size() == 2) changed |= fuse_one(g, id);
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass fuse_rms_norm;
const Pass fuse_rms_norm{"fuse_rms_norm", Stage::plan, run_fuse_rms_norm};

}  // namespace mo::passes
