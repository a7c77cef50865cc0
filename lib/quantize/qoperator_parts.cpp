// What integer operators are made of in a Q/DQ graph: the integers behind a DequantizeLinear and in front of a QuantizeLinear.
#include "quantize/qoperator_parts.h"

#include <algorithm>
#include <cmath>

namespace mo::quantize {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

std::optional<Part> operand(Graph& g, ValueId v) {
  NodeId dq = v == k_none ? k_none : g.producer_if(v, "DequantizeLinear");
  if (dq == k_none || g.node(dq).has("block_size")) return std::nullopt;
  const Node n = g.node(dq);
  DType dtype = g.value(n.input(0)).type.dtype;
  if (dtype != DType::u8 && dtype != DType::i8) return std::nullopt;
  ValueId zero = n.input(2);
  if (zero == k_none) {
    const Tensor* scale = g.constant_of(n.input(1));
    zero = g.add_constant(text("zero_", name(dtype)), Tensor::zeros(dtype, scale ? scale->shape() : Shape{}));
  }
  return Part{n.input(0), n.input(1), zero};
}

ValueId integer_bias(const Graph& g, ValueId v) {
  NodeId dq = g.producer_if(v, "DequantizeLinear");
  return dq == k_none || g.value(g.node(dq).input(0)).type.dtype != DType::i32 ? k_none : g.node(dq).input(0);
}

std::optional<Target> target(const Graph& g, ValueId v) {
  Target t{};
  NodeId next = g.sole_user(v);
  float low = -INFINITY, high = INFINITY;
  while (next != k_none && (g.node(next).is("Relu") || g.node(next).is("Clip")) && g.node(next).input(0) == v) {
    const Node& a = g.node(next);
    if (a.is("Relu")) {
      low = std::max(low, 0.0f);
    } else {
      for (size_t i : {1, 2}) {
        if (a.input(i) == k_none) continue;
        const Tensor* limit = g.constant_of(a.input(i));
        if (!limit || limit->size() != 1) return std::nullopt;
        if (i == 1) low = std::max(low, static_cast<float>(limit->number()));
        else high = std::min(high, static_cast<float>(limit->number()));
      }
    }
    t.swallowed.push_back(next);
    v = a.outputs[0];
    next = g.sole_user(v);
  }
  if (next == k_none || !g.node(next).is("QuantizeLinear") || g.node(next).input(0) != v) return std::nullopt;
  const Node& q = g.node(next);
  const Tensor *scale = g.constant_of(q.input(1)), *zero = g.constant_of(q.input(2));
  if (!scale || scale->size() != 1 || !zero || (zero->dtype() != DType::u8 && zero->dtype() != DType::i8)) return std::nullopt;
  double step = scale->number(), bottom = (zero->dtype() == DType::u8 ? 0 : -128) - static_cast<double>(zero->integer()), top = bottom + 255;
  if (low > -INFINITY && bottom * step < low - 0.01 * step) return std::nullopt;
  if (high < INFINITY && top * step > high + 0.51 * step) return std::nullopt;
  t.swallowed.push_back(next);
  t.q = q.outputs[0];
  t.parameters = {k_none, q.input(1), q.input(2)};
  t.dtype = zero->dtype();
  return t;
}

void become_integer(Graph& g, NodeId id, const char* op, const char* domain, std::vector<ValueId> inputs, const Target& t,
                    std::vector<std::pair<std::string, graph::AttrValue>> attributes) {
  std::string name = g.node(id).name;
  g.remove_node(id);
  for (NodeId s : t.swallowed) g.remove_node(s);
  g.add_node(
      Node{.op = op, .domain = domain, .name = std::move(name), .inputs = std::move(inputs), .outputs = {t.q}, .attributes = std::move(attributes)});
}

}  // namespace mo::quantize
