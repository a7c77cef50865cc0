// Tables that are looked up.
#include "quantize/rewrite.h"

namespace mo::quantize {

using graph::k_none;
using graph::ValueId;

void store_table(graph::Graph& g, Store& store, graph::NodeId id, const WeightForm& form) {
  graph::Node n = g.node(id);
  ValueId v = n.input(0), indices = n.input(1), out = n.outputs[0];
  const Tensor table = *g.constant_of(v);
  QuantizedTensor q;
  WeightForm f = form;
  f.rounding = "nearest";
  if (f.axis == 0 && f.block > 0) f.block = 0;
  try {
    q = encode_tensor(table, f, f.axis < 0 ? 0 : f.axis, {}, nullptr);
  } catch (Error& e) { fail(e.code(), "table '", printable(g.value(v).name), "': ", e.message()); }
  if (f.axis == 0) q.scale = q.scale.reshaped({q.scale.size(), 1});
  Store::Entry stored = store.integers(v, q);
  std::string name = g.value(out).name;
  graph::Type type = g.value(out).type, narrow = type;
  narrow.dtype = f.dtype;
  g.set_input(id, 0, stored.values);
  g.set_output(id, 0, g.add_value(name + "_q", narrow));
  ValueId found = g.node(id).outputs[0];
  if (f.axis != 0) {
    graph::Node dq;
    dq.op = "DequantizeLinear", dq.name = name + "_dq", dq.inputs = {found, stored.scale}, dq.outputs = {out};
    if (stored.zero_point != k_none) dq.inputs.push_back(stored.zero_point);
    if (f.axis > 0) dq.set("axis", int64_t{-1});
    g.add_node(std::move(dq));
    return;
  }
  graph::Type single = type;
  if (single.ranked && !single.dims.empty()) single.dims.back() = {1, ""};
  ValueId scale = add_node(g, "Gather", name + "_row_scale", {stored.scale, indices}, DType::f32, single);
  ValueId real = add_node(g, "Cast", name + "_row", {found}, DType::f32, type, {{"to", static_cast<int64_t>(DType::f32)}});
  graph::Node mul;
  mul.op = "Mul", mul.name = name + "_mul", mul.inputs = {real, scale}, mul.outputs = {out};
  g.add_node(std::move(mul));
}

}  // namespace mo::quantize
