// lower_recurrent: LSTM(x, DequantizeLinear(W), DequantizeLinear(R), ...)  =>  mo.LSTM(x, W, R, ..., scales and zero points), likewise GRU and RNN;
// DynamicQuantizeLSTM(x, W, R, ...)  =>  mo.LSTM.
#include "ops/ms_dynamic_quantize_lstm.h"
#include "passes/match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

// 8-bit weights with a scale, and perhaps a zero point, for each of their rows.
struct Weights {
  ValueId data = k_none, scale = k_none, zero = k_none;
};

bool eight(const Tensor* t) { return t && (t->dtype() == DType::i8 || t->dtype() == DType::u8) && t->rank() == 3; }

// Parameters along axis 1 (the same for all directions), or one for all.
Tensor spread(const Tensor& t, const Tensor& w) {
  Tensor all = Tensor::allocate(t.dtype(), {w.dim(0), w.dim(1)});
  for (int64_t i = 0; i < all.size(); ++i) all.set_number(i, t.number(t.size() == 1 ? 0 : i % w.dim(1)));
  return all;
}

std::optional<Weights> weights(Graph& g, ValueId v) {
  if (v == k_none || g.constant_of(v)) return std::nullopt;
  NodeId id = g.producer_if(v, "DequantizeLinear");
  if (id == k_none || g.node(id).i("block_size", 0) != 0 || !is_float(g, v)) return std::nullopt;
  const Node& n = g.node(id);
  const Tensor *w = g.constant_of(n.input(0)), *scale = g.constant_of(n.input(1)), *zero = g.constant_of(n.input(2));
  if (!eight(w) || !scale || scale->dtype() != DType::f32 || (n.input(2) != k_none && (!zero || zero->size() != scale->size()))) return std::nullopt;
  const int64_t axis = n.i("axis", 1);
  if (scale->size() != 1 && (scale->rank() != 1 || (axis != 1 && axis != -2) || scale->dim(0) != w->dim(1))) return std::nullopt;
  Weights found{n.input(0)};
  const std::string name = g.value(n.input(0)).name;
  const Tensor s = spread(*scale, *w), z = zero ? spread(*zero, *w) : Tensor();
  found.scale = g.add_constant(name + "_scales", s);
  if (z.size() > 0) found.zero = g.add_constant(name + "_zeros", z);
  return found;
}

void put(std::vector<ValueId>& inputs, size_t i, const Weights& w) {
  inputs[i] = w.data;
  inputs[6 + 2 * i] = w.scale;
  inputs[7 + 2 * i] = w.zero;
}

bool lower_standard(Graph& g, NodeId id) {
  const Node n = g.node(id);
  if (!is_float(g, n.input(0))) return false;
  auto w = weights(g, n.input(1)), r = weights(g, n.input(2));
  // float weights beside quantized ones stay as they are, but computed ones keep the node standard
  if ((!w && !g.constant_of(n.input(1))) || (!r && !g.constant_of(n.input(2))) || (!w && !r)) return false;
  std::vector<ValueId> inputs(12, k_none);
  for (size_t i = 0; i < n.inputs.size() && i < 8; ++i) inputs[i] = n.inputs[i];
  if (w) put(inputs, 1, *w);
  if (r) put(inputs, 2, *r);
  become(g, id, n.op, "mo", std::move(inputs), n.attributes, {});
  return true;
}

bool lower_dynamic(Graph& g, NodeId id) {
  const Node n = g.node(id);
  std::vector<ValueId> inputs(12, k_none);
  for (size_t i = 0; i < n.inputs.size() && i < 12; ++i) inputs[i] = n.inputs[i];
  for (size_t i : {1, 2, 8, 10})
    if (!g.constant_of(n.input(i))) return false;
  for (size_t i : {9, 11})
    if (n.input(i) != k_none && !g.constant_of(n.input(i))) return false;
  if (!eight(g.constant_of(n.input(1))) || !eight(g.constant_of(n.input(2)))) return false;
  for (size_t i : {1, 2}) {
    const Tensor t = ops::turned_weights(*g.constant_of(n.input(i)));
    for (size_t p : {6 + 2 * i, 7 + 2 * i})
      if (n.input(p) != k_none)
        inputs[p] = g.add_constant(g.value(n.input(p)).name + "_rows", ops::spread_parameters(*g.constant_of(n.input(p)), t.dim(0), t.dim(1)));
    inputs[i] = g.add_constant(g.value(n.input(i)).name + "_turned", t);
  }
  auto attributes = n.attributes;
  attributes.emplace_back("round_rows", int64_t{1});
  become(g, id, "LSTM", "mo", std::move(inputs), std::move(attributes), {});
  return true;
}

bool run_lower_recurrent(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    const Node& n = g.node(id);
    if (n.domain == "com.microsoft" && n.op == "DynamicQuantizeLSTM") changed |= lower_dynamic(g, id);
    else if (n.is("LSTM") || n.is("GRU") || n.is("RNN")) changed |= lower_standard(g, id);
  }
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass lower_recurrent;
const Pass lower_recurrent{"lower_recurrent", Stage::plan, run_lower_recurrent};

}  // namespace mo::passes
