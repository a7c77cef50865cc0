// fuse_swish: x * Sigmoid(x)  =>  Swish(x);  x * HardSigmoid<1/6, 1/2>(x), x * Clip(x + 3, 0, 6) / 6  =>  HardSwish(x)
#include <cmath>

#include "passes/match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

// v = Clip(x + 3, 0, 6)
bool relu6_of_shifted(const Graph& g, ValueId v, ValueId x) {
  NodeId clip = g.producer_if(v, "Clip");
  if (clip == k_none || !scalar(g, g.node(clip).input(1)) || *scalar(g, g.node(clip).input(1)) != 0 || !is_scalar(g, g.node(clip).input(2), 6))
    return false;
  NodeId add = g.producer_if(g.node(clip).input(0), "Add");
  if (add == k_none) return false;
  auto s = with_scalar(g, g.node(add));
  return s && s->rest == x && s->value == 3;
}

bool hard_sigmoid(const Graph& g, ValueId v, ValueId x) {
  if (NodeId h = g.producer_if(v, "HardSigmoid"); h != k_none)
    return g.node(h).input(0) == x && std::fabs(g.node(h).f("alpha", 0.2f) - 1.0f / 6) < 1e-5f && g.node(h).f("beta", 0.5f) == 0.5f;
  if (NodeId d = g.producer_if(v, "Div"); d != k_none) return is_scalar(g, g.node(d).input(1), 6) && relu6_of_shifted(g, g.node(d).input(0), x);
  if (NodeId m = g.producer_if(v, "Mul"); m != k_none) {
    auto s = with_scalar(g, g.node(m));
    return s && std::fabs(s->value - 1.0f / 6) < 1e-5f && relu6_of_shifted(g, s->rest, x);
  }
  return false;
}

bool fuse_product(Graph& g, NodeId id) {
  const Node& mul = g.node(id);
  for (int i = 0; i < 2; ++i) {
    ValueId x = mul.input(static_cast<size_t>(i)), gate = mul.input(static_cast<size_t>(1 - i));
    NodeId p = gate == k_none ? k_none : g.value(gate).producer;
    if (p == k_none || g.use_count(gate) != 1) continue;
    if (g.node(p).is("Sigmoid") && g.node(p).input(0) == x) {
      become(g, id, "Swish", "", {x}, {}, {{p}});
      return true;
    }
    if (hard_sigmoid(g, gate, x)) {
      become(g, id, "HardSwish", "", {x}, {}, {{p}});
      return true;
    }
  }
  return false;
}

// x * Clip(x + 3, 0, 6) / 6
bool fuse_quotient(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  ValueId product = k_none;
  if (n.op == "Div" && is_scalar(g, n.input(1), 6)) product = n.input(0);
  if (n.op == "Mul")
    if (auto s = with_scalar(g, n); s && std::fabs(s->value - 1.0f / 6) < 1e-5f) product = s->rest;
  NodeId mul = product == k_none ? k_none : only(g, product, "Mul");
  if (mul == k_none) return false;
  for (size_t i = 0; i < 2; ++i) {
    ValueId x = g.node(mul).input(i);
    if (!relu6_of_shifted(g, g.node(mul).input(1 - i), x)) continue;
    become(g, id, "HardSwish", "", {x}, {}, {{mul}});
    return true;
  }
  return false;
}

bool run_fuse_swish(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    if (!g.alive(id)) continue;
    const Node& n = g.node(id);
    if (!n.domain.empty() || (n.op != "Mul" && n.op != "Div") || n.inputs.size() != 2 || !is_float(g, n.output(0))) continue;
    if (n.op == "Mul" && fuse_product(g, id)) changed = true;
    else if (fuse_quotient(g, id)) changed = true;
  }
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass fuse_swish;
const Pass fuse_swish{"fuse_swish", Stage::plan, run_fuse_swish};

}  // namespace mo::passes
