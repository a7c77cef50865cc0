// slide_quantize: Reshape(DequantizeLinear(q))  =>  DequantizeLinear(Reshape(q)), for every operator that only moves elements (MaxPool too);
//                 QuantizeLinear(Reshape(x))  =>  Reshape(QuantizeLinear(x)) where nothing else reads the Reshape;
//                 QuantizeLinear(DequantizeLinear(q)) with equal parameters  =>  q.
#include <algorithm>
#include <array>

#include "passes/origin.h"
#include "passes/pass.h"
#include "passes/quantized.h"
#include "passes/rewrite.h"

namespace mo::passes {
namespace {

// Operators whose output 0 holds elements of input 0 only, unchanged; a scale for all of the tensor stays true.
bool moves(const Node& n) {
  static constexpr std::array<std::string_view, 14> k_names = {"Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Slice", "Gather", "Expand", "MaxPool", "Tile",
                                                              "DepthToSpace", "SpaceToDepth", "Identity", "GatherElements"};
  return n.domain.empty() && n.outputs.size() == 1 && std::find(k_names.begin(), k_names.end(), n.op) != k_names.end();
}

// The node reads the 8-bit tensor; a new DequantizeLinear makes its old output.
bool push_down(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  if (!moves(n)) return false;
  auto q = dequantized(g, n.input(0));
  if (!q || g.constant_of(q->data)) return false;
  ValueId y = n.output(0);
  graph::Type type = g.value(y).type;
  graph::Type bytes = type;
  bytes.dtype = g.value(q->data).type.dtype;
  ValueId moved = g.add_value(g.value(y).name + "_8bit", bytes);
  g.set_output(id, 0, moved);
  g.set_input(id, 0, q->data);
  Node dq;
  dq.op = "DequantizeLinear";
  dq.inputs = {moved, q->scale};
  if (q->zero != k_none) dq.inputs.push_back(q->zero);
  dq.outputs = {y};
  add_origin(dq, g.node(id));
  g.add_node(std::move(dq));
  return true;
}

bool pull_up(Graph& g, NodeId id) {
  auto q = quantizer(g, id);
  if (!q) return false;
  NodeId m = g.value(q->data).producer;
  if (m == k_none || g.use_count(q->data) != 1 || g.is_output(q->data) || !moves(g.node(m)) || g.node(m).op == "MaxPool") return false;
  ValueId x = g.node(m).input(0);
  if (!is_float(g, x) || g.constant_of(x) || dequantized(g, x)) return false;
  Node mover = g.node(m), quantize = g.node(id);
  ValueId y = quantize.outputs[0];
  graph::Type bytes = g.value(x).type;
  bytes.dtype = q->zero == k_none ? DType::u8 : g.constant_of(q->zero)->dtype();
  ValueId small = g.add_value(g.value(x).name + "_8bit", bytes);
  g.remove_node(id);
  quantize.inputs[0] = x;
  quantize.outputs[0] = small;
  mover.inputs[0] = small;
  mover.outputs[0] = y;
  g.insert_before(m, std::move(quantize));
  g.remove_node(m);
  g.add_node(std::move(mover));
  return true;
}

bool cancel(Graph& g, NodeId id) {
  auto q = quantizer(g, id);
  if (!q) return false;
  auto d = dequantized(g, q->data);
  if (!d || !same_parameters(g, *q, *d)) return false;
  if (g.value(d->data).type.dtype != (q->zero == k_none ? DType::u8 : g.constant_of(q->zero)->dtype()) || g.constant_of(d->data)) return false;
  return bypass(g, id, g.node(id).outputs[0], d->data);
}

bool run_slide_quantize(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    if (!g.alive(id)) continue;
    changed |= cancel(g, id) || push_down(g, id) || pull_up(g, id);
  }
  if (changed) {
    g.sort();
    g.remove_dead();
  }
  return changed;
}

}  // namespace

extern const Pass slide_quantize;
const Pass slide_quantize{"slide_quantize", Stage::plan, run_slide_quantize};

}  // namespace mo::passes
