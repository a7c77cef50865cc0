// slide_quantize: Reshape(DequantizeLinear(q))  =>  DequantizeLinear(Reshape(q)), for every operator that only moves elements (MaxPool too);
//                 QuantizeLinear(Reshape(x))  =>  Reshape(QuantizeLinear(x)) where nothing else reads the Reshape;
//                 QuantizeLinear(Concat(x, y))  =>  Concat(QuantizeLinear(x), QuantizeLinear(y)) where x or y was 8-bit before, Concat(DequantizeLinear(p),
//                 DequantizeLinear(q)) of equal parameters  =>  DequantizeLinear(Concat(p, q));
//                 QuantizeLinear(DequantizeLinear(q)) with equal parameters  =>  q.
#include <algorithm>
#include <array>

#include "passes/origin.h"
#include "passes/pass.h"
#include "passes/quantized.h"
#include "passes/rewrite.h"

namespace mo::passes {
namespace {

// Operators whose outputs hold elements of input 0 only, unchanged; a scale for all of the tensor stays true.
bool moves(const Node& n) {
  if (n.is("Split")) return true;
  if (n.is("Resize")) return n.s("mode", "nearest") == "nearest" && n.s("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize";
  static constexpr std::array<std::string_view, 14> k_names = {"Reshape",      "Transpose",    "Squeeze",  "Unsqueeze",     "Flatten",
                                                               "Slice",        "Gather",       "Expand",   "MaxPool",       "Tile",
                                                               "DepthToSpace", "SpaceToDepth", "Identity", "GatherElements"};
  return n.domain.empty() && n.outputs.size() == 1 && std::find(k_names.begin(), k_names.end(), n.op) != k_names.end();
}

// Output `i` of the node becomes 8-bit; a DequantizeLinear behind it makes what it was.
void dequantize_output(Graph& g, NodeId id, size_t i, const Quantized& q) {
  ValueId y = g.node(id).output(i);
  graph::Type bytes = g.value(y).type;
  bytes.dtype = g.value(q.data).type.dtype;
  ValueId moved = g.add_value(g.value(y).name + "_8bit", bytes);
  g.set_output(id, i, moved);
  Node dq;
  dq.op = "DequantizeLinear";
  dq.inputs = {moved, q.scale};
  if (q.zero != k_none) dq.inputs.push_back(q.zero);
  dq.outputs = {y};
  add_origin(dq, g.node(id));
  g.add_node(std::move(dq));
}

// The node reads the 8-bit tensor; a new DequantizeLinear makes its old output.
bool push_down(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  if (!moves(n)) return false;
  auto q = dequantized(g, n.input(0));
  // of a constant only when less than all of it is read
  const bool picks = n.is("Gather") && !g.constant_of(n.input(1));
  if (!q || (g.constant_of(q->data) && !picks)) return false;
  const Node mover = n;
  g.set_input(id, 0, q->data);
  for (size_t i = 0; i < mover.outputs.size(); ++i)
    if (mover.output(i) != k_none) dequantize_output(g, id, i, *q);
  return true;
}

bool pull_up(Graph& g, NodeId id) {
  auto q = quantizer(g, id);
  if (!q) return false;
  NodeId m = g.value(q->data).producer;
  if (m == k_none || g.use_count(q->data) != 1 || g.is_output(q->data) || !moves(g.node(m)) || g.node(m).op == "MaxPool" ||
      g.node(m).outputs.size() != 1 || g.node(m).op == "Split")
    return false;
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

// Concat of 8-bit tensors with equal parameters stays 8-bit.
bool push_concat(Graph& g, NodeId id) {
  const Node n = g.node(id);
  if (!n.is("Concat") || n.inputs.size() < 2) return false;
  std::vector<Quantized> parts;
  for (ValueId v : n.inputs) {
    auto q = dequantized(g, v);
    if (!q || g.constant_of(q->data)) return false;
    if (!parts.empty() && (!same_parameters(g, parts[0], *q) || g.value(q->data).type.dtype != g.value(parts[0].data).type.dtype)) return false;
    parts.push_back(*q);
  }
  for (size_t i = 0; i < parts.size(); ++i) g.set_input(id, i, parts[i].data);
  dequantize_output(g, id, 0, parts[0]);
  return true;
}

// Each part of a Concat is quantized on its own: a part that was 8-bit goes through a table or stays as it is.
bool pull_concat(Graph& g, NodeId id) {
  auto q = quantizer(g, id);
  NodeId m = q ? g.value(q->data).producer : k_none;
  if (m == k_none || !g.node(m).is("Concat") || g.use_count(q->data) != 1 || g.is_output(q->data)) return false;
  Node concat = g.node(m);
  const Node quantize = g.node(id);
  bool any = false;
  for (ValueId v : concat.inputs) {
    if (!is_float(g, v) || g.constant_of(v)) return false;
    any = any || dequantized(g, v);
  }
  if (!any) return false;
  ValueId y = quantize.outputs[0];
  g.remove_node(id);
  for (ValueId& v : concat.inputs) {
    graph::Type bytes = g.value(v).type;
    bytes.dtype = q->zero == k_none ? DType::u8 : g.constant_of(q->zero)->dtype();
    Node part = quantize;
    part.inputs[0] = v;
    v = g.add_value(g.value(v).name + "_8bit", bytes);
    part.outputs[0] = v;
    g.insert_before(m, std::move(part));
  }
  g.remove_node(m);
  concat.outputs[0] = y;
  g.add_node(std::move(concat));
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

bool slide_once(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    if (!g.alive(id)) continue;
    changed |= cancel(g, id) || push_down(g, id) || push_concat(g, id) || pull_up(g, id) || pull_concat(g, id);
  }
  if (changed) {
    g.sort();
    g.remove_dead();
  }
  return changed;
}

// To the end before other passes look: a pair that meets cancels, rather than becoming a table that changes nothing.
bool run_slide_quantize(Graph& g) {
  constexpr int k_rounds = 32;
  bool changed = false;
  for (int round = 0; round < k_rounds && slide_once(g); ++round) changed = true;
  return changed;
}

}  // namespace

extern const Pass slide_quantize;
const Pass slide_quantize{"slide_quantize", Stage::plan, run_slide_quantize};

}  // namespace mo::passes
