// lower_quantized: Conv(DequantizeLinear(x), DequantizeLinear(w), b)  =>  mo.Conv(x, w, b, scales...), an integer convolution; likewise MatMul,
// Gemm, and the QLinearConv and QLinearMatMul of models that are quantized operator by operator.
#include <cmath>

#include "passes/pass.h"
#include "passes/quantized.h"

namespace mo::passes {
namespace {

// 8-bit constant weights with one scale, or one per entry of `axis`; or 8-bit computed data with one scale.
std::optional<Quantized> weights(const Graph& g, ValueId v, int64_t axis) {
  if (auto q = dequantized(g, v)) return q;
  NodeId id = g.producer_if(v, "DequantizeLinear");
  if (id == k_none || g.node(id).i("block_size", 0) != 0) return std::nullopt;
  const Node& n = g.node(id);
  const Tensor *w = g.constant_of(n.input(0)), *scale = g.constant_of(n.input(1)), *zero = g.constant_of(n.input(2));
  if (!w || !scale || scale->dtype() != DType::f32 || scale->rank() != 1 || (n.input(2) != k_none && !zero)) return std::nullopt;
  if (w->dtype() != DType::u8 && w->dtype() != DType::i8) return std::nullopt;
  int64_t along = n.i("axis", 1);
  if (along < 0) along += w->rank();
  if (along != axis || axis >= w->rank() || w->dim(axis) != scale->size()) return std::nullopt;
  return Quantized{n.input(0), n.input(1), n.input(2)};
}

// Constant weights whose zero point is the middle of their range.
bool centred(const Graph& g, const Quantized& w) {
  const Tensor* data = g.constant_of(w.data);
  if (w.zero == k_none) return data->dtype() == DType::i8;
  int64_t middle = data->dtype() == DType::u8 ? 128 : 0;
  for (int64_t z : g.constant_of(w.zero)->integers())
    if (z != middle) return false;
  return true;
}

// The int32 constant of DequantizeLinear(bias, x_scale * w_scale), which integer sums start from; k_none when it is something else.
ValueId integer_bias(const Graph& g, ValueId v, const Quantized& x, const Quantized& w) {
  NodeId id = g.producer_if(v, "DequantizeLinear");
  if (id == k_none) return k_none;
  const Node& n = g.node(id);
  const Tensor *b = g.constant_of(n.input(0)), *scale = g.constant_of(n.input(1)), *zero = g.constant_of(n.input(2));
  const Tensor *xs = g.constant_of(x.scale), *ws = g.constant_of(w.scale);
  if (!b || b->dtype() != DType::i32 || b->rank() != 1 || !scale || (n.input(2) != k_none && !zero) || !xs || !ws) return k_none;
  const std::vector<float> bs = scale->floats(), w_scales = ws->floats();
  const int64_t count = b->size();
  auto fits = [&](size_t have) { return have == 1 || static_cast<int64_t>(have) == count; };
  if (!fits(bs.size()) || !fits(w_scales.size())) return k_none;
  for (int64_t z : zero ? zero->integers() : std::vector<int64_t>())
    if (z != 0) return k_none;
  for (int64_t i = 0; i < count; ++i) {
    float want = xs->floats()[0] * w_scales[w_scales.size() == 1 ? 0 : static_cast<size_t>(i)],
          have = bs[bs.size() == 1 ? 0 : static_cast<size_t>(i)];
    if (!(std::fabs(have - want) <= 1e-5f * want)) return k_none;
  }
  return n.input(0);
}

// A constant bias, int32 in units of the operands' scales or float; k_none when there is none; nullopt when it is computed.
std::optional<ValueId> bias(Graph& g, ValueId v, const Quantized& x, const Quantized& w) {
  if (v == k_none) return k_none;
  if (ValueId whole = integer_bias(g, v, x, w); whole != k_none) return whole;
  if (g.constant_of(v) && is_float(g, v)) return v;
  Tensor t = float_constant(g, v);
  if (!t) return std::nullopt;
  return g.add_constant(g.value(v).name, std::move(t));
}

std::vector<ValueId> with_scales(ValueId x, ValueId w, ValueId b, const Quantized& qx, const Quantized& qw) {
  return {x, w, b, k_none, qx.scale, qx.zero, qw.scale, qw.zero};
}

bool lower_conv(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  auto x = dequantized(g, n.input(0));
  auto w = weights(g, n.input(1), 0);
  if (!x || !w || !g.constant_of(w->data)) return false;
  if (g.value(n.input(1)).type.rank() > 4 && !centred(g, *w)) return false;  // three spatial axes: oneDNN only, which wants weights around zero
  auto b = bias(g, n.input(2), *x, *w);
  if (!b) return false;
  auto attributes = explicit_pads(g, g.node(id));
  if (attributes.empty() && !g.node(id).attributes.empty()) return false;
  become(g, id, "Conv", "mo", with_scales(x->data, w->data, *b, *x, *w), std::move(attributes), {});
  return true;
}

bool lower_product(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  const bool gemm = n.op == "Gemm", trans_b = gemm && n.i("transB", 0) != 0;
  auto a = dequantized(g, n.input(0));
  const graph::Type& t = g.value(n.input(1)).type;
  if (!a || !t.ranked || t.dims.empty()) return false;
  auto b = weights(g, n.input(1), trans_b ? t.rank() - 2 : t.rank() - 1);
  if (!b || g.constant_of(a->data)) return false;
  std::vector<std::pair<std::string, graph::AttrValue>> attributes;
  ValueId c = k_none;
  if (gemm) {
    if (n.f("alpha", 1) != 1 || n.f("beta", 1) != 1) return false;
    auto found = bias(g, n.input(2), *a, *b);
    if (!found) return false;
    c = *found;
    attributes = {{"trans_a", g.node(id).i("transA", 0)}, {"trans_b", int64_t{trans_b}}};
  }
  become(g, id, "MatMul", "mo", with_scales(a->data, b->data, c, *a, *b), std::move(attributes), {});
  return true;
}

bool one_number(const Graph& g, ValueId v) { return g.constant_of(v) && g.constant_of(v)->size() == 1; }

// QLinearConv and QLinearMatMul: x, x_scale, x_zp, w, w_scale, w_zp, y_scale, y_zp, bias
bool lower_qlinear(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  const bool conv = n.op == "QLinearConv";
  for (size_t i : {1, 2, 6, 7})
    if (!one_number(g, n.input(i))) return false;
  if (!g.constant_of(n.input(4)) || g.constant_of(n.input(4))->dtype() != DType::f32 || !g.constant_of(n.input(5))) return false;
  if (conv && !g.constant_of(n.input(3))) return false;
  if (!conv && !one_number(g, n.input(4)) && g.constant_of(n.input(4))->rank() != 1) return false;
  auto attributes = conv ? explicit_pads(g, n) : n.attributes;
  if (attributes.empty() && !n.attributes.empty()) return false;
  std::vector<ValueId> inputs = {n.input(0), n.input(3), conv ? n.input(8) : k_none, k_none, n.input(1), n.input(2), n.input(4), n.input(5),
                                 n.input(6), n.input(7)};
  become(g, id, conv ? "Conv" : "MatMul", "mo", inputs, std::move(attributes), {});
  return true;
}

bool run_lower_quantized(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    const Node& n = g.node(id);
    if (!n.domain.empty()) continue;
    if (n.op == "Conv") changed |= lower_conv(g, id);
    else if (n.op == "MatMul" || n.op == "Gemm") changed |= lower_product(g, id);
    else if (n.op == "QLinearConv" || n.op == "QLinearMatMul") changed |= lower_qlinear(g, id);
  }
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass lower_quantized;
const Pass lower_quantized{"lower_quantized", Stage::plan, run_lower_quantized};

}  // namespace mo::passes
