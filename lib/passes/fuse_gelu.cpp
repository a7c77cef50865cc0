// fuse_gelu: x * (1 + Erf(x / sqrt 2)) * 0.5  =>  Gelu(x)
//            0.5 * x * (1 + Tanh(0.79788 * (x + 0.044715 * x^3)))  =>  Gelu<approximate="tanh">(x)
// The factors may stand in any order.
#include <cmath>

#include "passes/match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

// v = a * b * ...: the factors of a tree of Mul nodes whose inner results have no other reader. Scalars are multiplied into `constant`.
void factors(const Graph& g, ValueId v, int depth, std::vector<ValueId>& out, float& constant, std::vector<NodeId>& nodes, bool root) {
  if (std::optional<float> s = scalar(g, v)) {
    constant *= *s;
    return;
  }
  NodeId id = root ? g.producer_if(v, "Mul") : only(g, v, "Mul");
  if (id != k_none && depth < 4) {
    nodes.push_back(id);
    for (ValueId in : g.node(id).inputs) factors(g, in, depth + 1, out, constant, nodes, false);
    return;
  }
  NodeId div = root ? k_none : only(g, v, "Div");
  if (div != k_none && scalar(g, g.node(div).input(1)) && depth < 4) {
    nodes.push_back(div);
    constant /= *scalar(g, g.node(div).input(1));
    factors(g, g.node(div).input(0), depth + 1, out, constant, nodes, false);
    return;
  }
  out.push_back(v);
}

// v = x * factor
bool scaled(const Graph& g, ValueId v, ValueId x, float factor) {
  NodeId div = g.producer_if(v, "Div");
  if (div != k_none)
    return g.node(div).input(0) == x && scalar(g, g.node(div).input(1)) && std::fabs(1 / *scalar(g, g.node(div).input(1)) - factor) < 1e-4f * factor;
  NodeId mul = g.producer_if(v, "Mul");
  if (mul == k_none) return false;
  auto s = with_scalar(g, g.node(mul));
  return s && s->rest == x && std::fabs(s->value - factor) < 1e-4f * factor;
}

// v = x^3, by Pow or by two products
bool cube(const Graph& g, ValueId v, ValueId x) {
  if (NodeId pow = g.producer_if(v, "Pow"); pow != k_none) return g.node(pow).input(0) == x && is_scalar(g, g.node(pow).input(1), 3);
  std::vector<ValueId> f;
  std::vector<NodeId> nodes;
  float c = 1;
  factors(g, v, 0, f, c, nodes, true);
  return c == 1 && f.size() == 3 && f[0] == x && f[1] == x && f[2] == x;
}

// v = 0.79788 * (x + 0.044715 x^3), or that with the factor inside
bool tanh_argument(const Graph& g, ValueId v, ValueId x) {
  NodeId mul = g.producer_if(v, "Mul");
  if (mul == k_none) return false;
  auto s = with_scalar(g, g.node(mul));
  if (!s || std::fabs(s->value - 0.7978845608f) > 1e-4f) return false;
  NodeId add = g.producer_if(s->rest, "Add");
  if (add == k_none) return false;
  ValueId rest = other_input(g.node(add), x);
  NodeId product = rest == k_none ? k_none : g.producer_if(rest, "Mul");
  if (product == k_none) return false;
  auto t = with_scalar(g, g.node(product));
  return t && std::fabs(t->value - 0.044715f) < 1e-5f && cube(g, t->rest, x);
}

// v = 1 + f(u): the node f, k_none when it is something else
NodeId one_plus(const Graph& g, ValueId v) {
  NodeId add = only(g, v, "Add");
  if (add == k_none) return k_none;
  auto s = with_scalar(g, g.node(add));
  if (!s || s->value != 1) return k_none;
  NodeId erf = only(g, s->rest, "Erf");
  return erf != k_none ? erf : only(g, s->rest, "Tanh");
}

bool fuse_one(Graph& g, NodeId id) {
  ValueId y = g.node(id).output(0);
  if (!is_float(g, y)) return false;
  std::vector<ValueId> f;
  std::vector<NodeId> nodes;
  float c = 1;
  factors(g, y, 0, f, c, nodes, true);
  if (f.size() != 2 || std::fabs(c - 0.5f) > 1e-4f) return false;
  for (int i = 0; i < 2; ++i) {
    NodeId inner = one_plus(g, f[i]);
    if (inner == k_none) continue;
    ValueId x = f[1 - i], u = g.node(inner).input(0);
    const bool erf = g.node(inner).op == "Erf";
    if (erf ? !scaled(g, u, x, 0.70710678f) : !tanh_argument(g, u, x)) continue;
    nodes.push_back(inner);
    std::vector<std::pair<std::string, graph::AttrValue>> attributes;
    if (!erf) attributes.emplace_back("approximate", std::string("tanh"));
    become(g, id, "Gelu", "", {x}, std::move(attributes), nodes);
    return true;
  }
  return false;
}

bool run_fuse_gelu(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (size_t i = order.size(); i-- > 0;)  // from the end: the outermost product first
    if (g.alive(order[i]) && g.node(order[i]).is("Mul")) changed |= fuse_one(g, order[i]);
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass fuse_gelu;
const Pass fuse_gelu{"fuse_gelu", Stage::simplify, run_fuse_gelu};

}  // namespace mo::passes
