// fuse_transpose: mo.MatMul(Transpose(a, p), b)  =>  mo.MatMul<perm_a=p>(a, b), read by strides; Transpose(mo.MatMul(a, b), p)  =>  <perm_y=p>;
// Mul or Div of a product by a scalar goes into alpha.
#include "passes/match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

bool take_operand(Graph& g, NodeId id, size_t index, const char* attribute) {
  const Node& n = g.node(id);
  if (n.has(attribute) || (index == 1 && n.input(6) != k_none && g.constant_of(n.input(6)) && g.constant_of(n.input(6))->size() != 1)) return false;
  NodeId t = only(g, n.input(index), "Transpose");
  if (t == k_none) return false;
  std::vector<int64_t> perm = perm_of(g, g.node(t));
  ValueId x = g.node(t).input(0);
  if (perm.size() < 2 || g.value(x).type.rank() != static_cast<int64_t>(perm.size())) return false;
  auto attributes = n.attributes;
  attributes.emplace_back(attribute, perm);
  std::vector<ValueId> inputs = n.inputs;
  inputs[index] = x;
  become(g, id, "MatMul", "mo", std::move(inputs), std::move(attributes), {{t}});
  g.remove_node(t);
  return true;
}

bool take_result(Graph& g, NodeId id) {
  NodeId p = only(g, g.node(id).input(0), "MatMul", "mo");
  if (p == k_none) return false;
  const Node& n = g.node(p);
  if (n.has("perm_y") || n.input(2) != k_none || n.input(3) != k_none || g.value(n.output(0)).type.rank() < 3) return false;
  std::vector<int64_t> perm = perm_of(g, g.node(id));
  if (perm.empty() || perm.back() != static_cast<int64_t>(perm.size()) - 1) return false;  // columns stay innermost
  auto attributes = n.attributes;
  attributes.emplace_back("perm_y", perm);
  become(g, id, "MatMul", "mo", n.inputs, std::move(attributes), {{p}});
  g.remove_node(p);
  return true;
}

bool take_factor(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  ValueId product = k_none;
  float factor = 1;
  if (n.op == "Mul") {
    if (auto s = with_scalar(g, n)) product = s->rest, factor = s->value;
  } else if (auto s = scalar(g, n.input(1)); s && g.constant_of(n.input(1))->rank() == 0) {
    product = n.input(0), factor = 1 / *s;
  }
  NodeId p = product == k_none ? k_none : only(g, product, "MatMul", "mo");
  if (p == k_none) return false;
  const Node& m = g.node(p);
  if (m.input(2) != k_none || m.has("post") || m.input(8) != k_none) return false;
  auto attributes = m.attributes;
  float alpha = m.f("alpha", 1) * factor;
  std::erase_if(attributes, [](const auto& a) { return a.first == "alpha"; });
  attributes.emplace_back("alpha", alpha);
  become(g, id, "MatMul", "mo", m.inputs, std::move(attributes), {{p}});
  g.remove_node(p);
  return true;
}

bool run_fuse_transpose(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    if (!g.alive(id)) continue;
    const Node& n = g.node(id);
    if (n.is("MatMul", "mo")) {
      if (n.i("trans_a", 0) == 0) changed |= take_operand(g, id, 0, "perm_a");
      if (g.node(id).i("trans_b", 0) == 0) changed |= take_operand(g, id, 1, "perm_b");
    } else if (n.is("Transpose")) {
      changed |= take_result(g, id);
    } else if ((n.is("Mul") || n.is("Div")) && n.inputs.size() == 2) {
      changed |= take_factor(g, id);
    }
  }
  return changed;
}

}  // namespace

extern const Pass fuse_transpose;
const Pass fuse_transpose{"fuse_transpose", Stage::plan, run_fuse_transpose};

}  // namespace mo::passes
