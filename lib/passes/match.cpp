// Small questions and steps of pattern passes.
#include "passes/match.h"

#include <cmath>

#include "ops/window.h"
#include "passes/origin.h"

namespace mo::passes {

std::optional<float> scalar(const Graph& g, ValueId v) {
  const Tensor* t = g.constant_of(v);
  if (!t || t->size() != 1 || !is_floating(t->dtype())) return std::nullopt;
  return static_cast<float>(t->number());
}

bool is_scalar(const Graph& g, ValueId v, float wanted, float tolerance) {
  std::optional<float> x = scalar(g, v);
  return x && std::fabs(*x - wanted) <= tolerance * std::fabs(wanted);
}

NodeId only(const Graph& g, ValueId v, std::string_view op, std::string_view domain) {
  if (v == k_none || g.use_count(v) != 1 || g.is_output(v)) return k_none;
  return g.producer_if(v, op, domain);
}

ValueId other_input(const Node& n, ValueId v) {
  if (n.inputs.size() != 2 || (n.inputs[0] == v) == (n.inputs[1] == v)) return k_none;
  return n.inputs[0] == v ? n.inputs[1] : n.inputs[0];
}

std::optional<WithScalar> with_scalar(const Graph& g, const Node& n) {
  if (n.inputs.size() != 2) return std::nullopt;
  for (int i = 0; i < 2; ++i) {
    std::optional<float> x = scalar(g, n.inputs[i]);
    if (!x || g.constant_of(n.inputs[1 - i])) continue;
    // a one-element tensor of higher rank would add axes
    if (g.constant_of(n.inputs[i])->rank() > 0) {
      const graph::Type& t = g.value(n.inputs[1 - i]).type;
      if (!t.ranked || g.constant_of(n.inputs[i])->rank() > t.rank()) continue;
    }
    return WithScalar{n.inputs[1 - i], *x};
  }
  return std::nullopt;
}

void become(Graph& g, NodeId id, std::string op, std::string domain, std::vector<ValueId> inputs,
            std::vector<std::pair<std::string, graph::AttrValue>> attributes, std::span<const NodeId> swallowed) {
  Node& n = g.edit(id);
  add_origin(n, Node(n));
  for (NodeId s : swallowed)
    if (s != k_none) add_origin(n, g.node(s));
  n.op = std::move(op);
  n.domain = std::move(domain);
  n.attributes = std::move(attributes);
  g.resize_inputs(id, inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) g.set_input(id, i, inputs[i]);
}

bool is_float(const Graph& g, ValueId v) { return v != k_none && g.value(v).type.is_tensor() && g.value(v).type.dtype == DType::f32; }

bool same_shape(const Graph& g, ValueId a, ValueId b) {
  const graph::Type &x = g.value(a).type, &y = g.value(b).type;
  if (!x.ranked || !y.ranked || x.dims.size() != y.dims.size()) return false;
  for (size_t i = 0; i < x.dims.size(); ++i) {
    const graph::Dim &p = x.dims[i], &q = y.dims[i];
    bool equal = p.known() ? p.size == q.size : !q.known() && !p.symbol.empty() && p.symbol == q.symbol;
    if (!equal) return false;
  }
  return true;
}

std::vector<std::pair<std::string, graph::AttrValue>> explicit_pads(const Graph& g, const Node& conv) {
  std::string how = conv.s("auto_pad", "NOTSET");
  auto attributes = conv.attributes;
  std::erase_if(attributes, [&](const auto& a) { return a.first == "auto_pad" || (how != "NOTSET" && a.first == "pads"); });
  if (how != "SAME_UPPER" && how != "SAME_LOWER") return attributes;
  const graph::Type &x = g.value(conv.input(0)).type, &w = g.value(conv.input(conv.op == "QLinearConv" ? 3 : 1)).type;
  if (!x.ranked || !w.is_static() || x.rank() < 3 || w.rank() != x.rank()) return {};
  Shape in;
  for (size_t i = 2; i < x.dims.size(); ++i) {
    if (!x.dims[i].known()) return {};
    in.push_back(x.dims[i].size);
  }
  Shape kernel = w.shape();
  kernel.erase(kernel.begin(), kernel.begin() + 2);
  ops::Window window = ops::read_window(conv, in.size(), kernel);
  ops::resolve_window(window, in);
  std::vector<int64_t> pads = window.pad_begin;
  pads.insert(pads.end(), window.pad_end.begin(), window.pad_end.end());
  attributes.emplace_back("pads", pads);
  return attributes;
}

std::vector<int64_t> perm_of(const Graph& g, const Node& transpose) {
  std::vector<int64_t> perm = transpose.ints("perm");
  if (!perm.empty()) return perm;
  const graph::Type& t = g.value(transpose.input(0)).type;
  for (int64_t i = t.rank(); i-- > 0;) perm.push_back(i);
  return perm;
}

}  // namespace mo::passes
