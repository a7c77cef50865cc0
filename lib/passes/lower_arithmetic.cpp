// lower_arithmetic: Add(DequantizeLinear(a), DequantizeLinear(b))  =>  mo.Binary<op="add">(a, b, scales...); Sub, Mul, Div, Min, Max likewise, also with
// one float operand; GlobalAveragePool(DequantizeLinear(x))  =>  mo.Pool<op="global_average">(x), and AveragePool between 8-bit tensors. A QuantizeLinear after it joins by fuse_epilogue.
#include <array>

#include "passes/pass.h"
#include "passes/quantized.h"

namespace mo::passes {
namespace {

const char* kind_of(const Node& n) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 6> k_kinds = {
      {{"Add", "add"}, {"Sub", "sub"}, {"Mul", "mul"}, {"Div", "div"}, {"Min", "min"}, {"Max", "max"}}};
  if (!n.domain.empty() || n.inputs.size() != 2) return nullptr;
  for (const auto& [op, kind] : k_kinds)
    if (n.op == op) return kind;
  return nullptr;
}

// The node after this one quantizes again, perhaps after a Relu or Clip: only then does staying in 8 bits gain.
bool quantized_after(const Graph& g, ValueId v, int depth = 0) {
  NodeId user = g.sole_user(v);
  if (user == k_none || depth > 2) return false;
  if (g.node(user).is("QuantizeLinear")) return true;
  return (g.node(user).is("Relu") || g.node(user).is("Clip")) && quantized_after(g, g.node(user).output(0), depth + 1);
}

bool lower_binary(Graph& g, NodeId id, const char* kind) {
  const Node& n = g.node(id);
  // The passes run again once sizes are known; epilogues and tables that need them come first then.
  if (!g.value(n.output(0)).type.is_static()) return false;
  if (!is_float(g, n.output(0)) || !quantized_after(g, n.output(0))) return false;
  std::vector<ValueId> inputs(6, k_none);
  bool any = false;
  for (size_t i = 0; i < 2; ++i) {
    ValueId v = n.input(i);
    auto q = dequantized(g, v);
    if (q && !g.constant_of(q->data)) {
      inputs[i] = q->data;
      inputs[2 + 2 * i] = q->scale;
      inputs[3 + 2 * i] = q->zero;
      any = true;
    } else if (Tensor t = float_constant(g, v); t) {
      inputs[i] = g.constant_of(v) ? v : g.add_constant(g.value(v).name, std::move(t));
    } else {
      inputs[i] = v;
      if (!is_float(g, v)) return false;
    }
  }
  if (!any) return false;
  become(g, id, "Binary", "mo", std::move(inputs), {{"op", std::string(kind)}}, {});
  return true;
}

bool lower_pool(Graph& g, NodeId id) {
  auto q = dequantized(g, g.node(id).input(0));
  if (!q || g.constant_of(q->data)) return false;
  const bool global = g.node(id).op == "GlobalAveragePool";
  std::vector<ValueId> inputs = {q->data, q->scale, q->zero};
  auto attributes = g.node(id).attributes;
  attributes.emplace_back("op", std::string(global ? "global_average" : "average"));
  NodeId user = g.sole_user(g.node(id).output(0));
  if (user != k_none) {
    if (auto y = quantizer(g, user)) {
      inputs.push_back(y->scale);
      inputs.push_back(y->zero);
      become(g, user, "Pool", "mo", std::move(inputs), std::move(attributes), {{id}});
      g.remove_node(id);
      return true;
    }
  }
  if (!global) return false;
  become(g, id, "Pool", "mo", std::move(inputs), std::move(attributes), {});
  return true;
}

bool run_lower_arithmetic(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    if (!g.alive(id)) continue;
    if (const char* kind = kind_of(g.node(id))) changed |= lower_binary(g, id, kind);
    else if (g.node(id).is("GlobalAveragePool") || g.node(id).is("AveragePool")) changed |= lower_pool(g, id);
  }
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass lower_arithmetic;
const Pass lower_arithmetic{"lower_arithmetic", Stage::plan, run_lower_arithmetic};

}  // namespace mo::passes
