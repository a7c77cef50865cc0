// Partition of a graph by what is known of its shapes.
#include "plan/partition.h"

#include <algorithm>
#include <array>
#include <map>

#include "ops/op.h"

namespace mo::plan {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

bool plannable(const graph::Type& t) { return t.is_static() && info(t.dtype).bits > 0; }

namespace {

// Operators so much faster by a planned kernel than by the reference that waiting for their shapes pays.
bool expensive(const Node& n) {
  static constexpr std::array<std::string_view, 15> k_names = {
      "Conv", "ConvTranspose", "ConvInteger", "QLinearConv",        "MatMul",      "MatMulInteger", "QLinearMatMul", "Gemm", "LSTM",
      "GRU",  "RNN",           "Attention",   "MultiHeadAttention", "MatMulNBits", "DeformConv"};
  return n.domain == "mo" || std::find(k_names.begin(), k_names.end(), n.op) != k_names.end();
}

template <class F>
void for_each_read(const Node& n, F&& visit) {
  for (ValueId v : n.inputs)
    if (v != k_none) visit(v);
  for (const auto& [attribute, sub] : graph::subgraphs(n))
    for (const graph::Capture& c : sub->captures) visit(c.outer);
}

constexpr uint8_t k_ready = 1, k_late = 2, k_in_tail = 4;  // state of a value

}  // namespace

Partition partition(const Graph& g) {
  Partition parts;
  std::vector<uint8_t> state(static_cast<size_t>(g.value_count()), 0);
  for (ValueId v = 0; v < g.value_count(); ++v)
    if (g.value(v).producer == k_none && plannable(g.value(v).type)) state[static_cast<size_t>(v)] = k_ready;
  for (NodeId id : g.order()) {
    const Node& n = g.node(id);
    if (std::all_of(n.outputs.begin(), n.outputs.end(), [&](ValueId v) { return v == k_none || g.value(v).is_constant(); })) {  // computed already
      for (ValueId v : n.outputs)
        if (v != k_none) state[static_cast<size_t>(v)] = k_ready;
      continue;
    }
    bool all_ready = true, any_late = false, any_tail = false, all_static = true;
    for_each_read(n, [&](ValueId v) {
      all_ready &= (state[static_cast<size_t>(v)] & k_ready) != 0;
      any_late |= (state[static_cast<size_t>(v)] & k_late) != 0;
      any_tail |= (state[static_cast<size_t>(v)] & k_in_tail) != 0;
    });
    for (ValueId v : n.outputs) all_static &= v == k_none || plannable(g.value(v).type);
    uint8_t result = k_ready;
    if (all_ready && all_static) {
      parts.planned.push_back(id);
    } else if (any_tail || (any_late && expensive(n))) {
      parts.tail.push_back(id);
      result = k_late | k_in_tail;
    } else {
      parts.loose.push_back(id);
      result = k_late;
    }
    for (ValueId v : n.outputs)
      if (v != k_none) state[static_cast<size_t>(v)] = result;
  }
  return parts;
}

namespace {

constexpr int64_t k_small = 64;

bool small_integers(const graph::Type& t) {
  return plannable(t) && (is_integer(t.dtype) || t.dtype == DType::boolean) && info(t.dtype).bits >= 8 && element_count(t.shape()) <= k_small;
}

// Collects the graph inputs that `v` is computed from, when small integers are all it takes.
bool trace(const Graph& g, ValueId v, std::vector<ValueId>& found, int depth) {
  if (g.constant_of(v)) return true;
  if (depth > 64 || !small_integers(g.value(v).type)) return false;
  if (g.is_input(v)) return found.push_back(v), true;
  NodeId p = g.value(v).producer;
  if (p == k_none) return false;
  const Node& n = g.node(p);
  const ops::OpDef* def = ops::find(n.op, n.domain);
  if (!def || (def->flags & (ops::k_random | ops::k_control_flow))) return false;
  return std::all_of(n.inputs.begin(), n.inputs.end(), [&](ValueId in) { return in == k_none || trace(g, in, found, depth + 1); });
}

}  // namespace

std::vector<int> shape_deciding_inputs(const Graph& g, const Partition& parts) {
  std::vector<int> out;
  if (parts.tail.empty()) return out;
  for (NodeId id : parts.loose) {
    const Node& n = g.node(id);
    for (ValueId v : n.inputs) {
      std::vector<ValueId> found;
      if (v == k_none || !trace(g, v, found, 0)) continue;
      for (ValueId in : found) out.push_back(static_cast<int>(std::find(g.inputs.begin(), g.inputs.end(), in) - g.inputs.begin()));
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

namespace {

class Extractor {
 public:
  Extractor(const Graph& g, Tail& tail) : from_(g), tail_(tail), ids_(static_cast<size_t>(g.value_count()), k_none) {}

  ValueId made_here(ValueId v) {
    return v == k_none ? k_none : ids_[static_cast<size_t>(v)] = tail_.graph.add_value(from_.value(v).name, from_.value(v).type);
  }

  ValueId read(ValueId v) {
    if (v == k_none) return k_none;
    ValueId& id = ids_[static_cast<size_t>(v)];
    if (id != k_none) return id;
    if (const Tensor* t = from_.constant_of(v)) return id = tail_.graph.add_constant(from_.value(v).name, *t);
    id = tail_.graph.add_value(from_.value(v).name, from_.value(v).type);
    tail_.graph.inputs.push_back(id);
    tail_.crossing.push_back(v);
    return id;
  }

  void copy(const Node& original) {
    Node n = original;
    for (ValueId& v : n.inputs) v = read(v);
    for (auto& [name, attr] : n.attributes) {
      auto* sub = std::get_if<graph::GraphPtr>(&attr);
      if (!sub) continue;
      auto body = std::make_shared<Graph>(**sub);
      for (graph::Capture& c : body->captures) c.outer = read(c.outer);
      *sub = std::move(body);
    }
    for (ValueId& v : n.outputs) v = made_here(v);
    tail_.graph.add_node(std::move(n));
  }

 private:
  const Graph& from_;
  Tail& tail_;
  std::vector<ValueId> ids_;
};

}  // namespace

Tail extract_tail(const Graph& g, const std::vector<NodeId>& nodes, size_t output_count) {
  Tail tail;
  tail.graph.name = g.name;
  Extractor extractor(g, tail);
  for (NodeId id : nodes) extractor.copy(g.node(id));
  for (size_t k = 0; k < output_count; ++k) {
    NodeId producer = g.value(g.outputs[k]).producer;
    if (producer == k_none || std::find(nodes.begin(), nodes.end(), producer) == nodes.end()) continue;
    tail.graph.outputs.push_back(extractor.read(g.outputs[k]));
    tail.made.push_back(static_cast<int>(k));
  }
  return tail;
}

}  // namespace mo::plan
