// fuse_epilogue: Relu(mo.Conv(x, w))  =>  mo.Conv<post=["relu"]>(x, w); the same for other activations, an Add of a constant per channel
// (bias), one Add or Mul of a tensor of the same shape (residual, gate), and a final QuantizeLinear; for mo.MatMul likewise. A quantizer between an
// integer product and a sum that is quantized again becomes a rounding inside of the epilogue.
#include <algorithm>
#include <limits>

#include "ops/epilogue.h"
#include "passes/pass.h"
#include "passes/quantized.h"

namespace mo::passes {
namespace {

// Input numbers of mo.Conv and mo.MatMul, which agree.
constexpr size_t k_bias = 2, k_operand = 3, k_x_scale = 4, k_y_scale = 8, k_r_scale = 10;

bool is_product(const Node& n) { return n.is("Conv", "mo") || n.is("MatMul", "mo"); }
bool is_binary(const Node& n) { return n.is("Binary", "mo"); }

// The product whose result only `reader` reads.
NodeId product_of(const Graph& g, ValueId v) {
  if (v == k_none || g.use_count(v) != 1 || g.is_output(v)) return k_none;
  NodeId p = g.value(v).producer;
  if (p == k_none) return k_none;
  const Node& n = g.node(p);
  const size_t y_scale = is_binary(n) ? 6 : k_y_scale;
  return (is_product(n) || is_binary(n)) && n.input(y_scale) == k_none ? p : k_none;
}

bool has_operand(const Node& n) { return n.input(k_operand) != k_none; }

// The reader takes the product's place, with one more input or attribute set by `change`.
template <class F>
void absorb(Graph& g, NodeId product, NodeId reader, const F& change) {
  Node merged = g.node(product);
  change(merged);
  become(g, reader, merged.op, merged.domain, merged.inputs, merged.attributes, {{product}});
  g.remove_node(product);
}

void put(Node& n, size_t index, ValueId v) {
  if (n.inputs.size() <= index) n.inputs.resize(index + 1, k_none);
  n.inputs[index] = v;
}

struct Activation {
  const char* kind = nullptr;
  float alpha = 0, beta = 0;
};

std::optional<Activation> activation(const Graph& g, const Node& n) {
  if (!n.domain.empty()) return std::nullopt;
  if (n.op == "Relu") return Activation{"relu"};
  if (n.op == "Sigmoid") return Activation{"sigmoid"};
  if (n.op == "Tanh") return Activation{"tanh"};
  if (n.op == "HardSwish") return Activation{"hard_swish"};
  if (n.op == "LeakyRelu") return Activation{"leaky_relu", n.f("alpha", 0.01f)};
  if (n.op == "Elu") return Activation{"elu", n.f("alpha", 1)};
  if (n.op == "HardSigmoid") return Activation{"hard_sigmoid", n.f("alpha", 0.2f), n.f("beta", 0.5f)};
  if (n.op == "Gelu") return Activation{n.s("approximate", "none") == "tanh" ? "gelu_tanh" : "gelu_erf"};
  if (n.op == "Swish" && n.f("alpha", 1) == 1) return Activation{"silu"};
  if (n.op == "Clip") {
    float low = -std::numeric_limits<float>::infinity(), high = -low;
    if (n.input(1) != k_none) {
      if (!scalar(g, n.input(1))) return std::nullopt;
      low = *scalar(g, n.input(1));
    }
    if (n.input(2) != k_none) {
      if (!scalar(g, n.input(2))) return std::nullopt;
      high = *scalar(g, n.input(2));
    }
    if (low == 0 && high == std::numeric_limits<float>::infinity()) return Activation{"relu"};
    return Activation{"clip", low, high};
  }
  return std::nullopt;
}

bool take_activation(Graph& g, NodeId id) {
  std::optional<Activation> a = activation(g, g.node(id));
  NodeId p = a ? product_of(g, g.node(id).input(0)) : k_none;
  if (p == k_none) return false;
  absorb(g, p, id, [&](Node& n) { ops::append_post(n, a->kind, a->alpha, a->beta); });
  return true;
}

// A constant that is one number per output channel (or one for all), as the bias input wants it; empty otherwise.
Tensor channel_vector(const Graph& g, const Node& product, ValueId result, const Tensor& c) {
  const graph::Type& t = g.value(result).type;
  if (c.dtype() != DType::f32 || !t.ranked || c.rank() > t.rank()) return {};
  const bool conv = product.op == "Conv";
  const size_t axis = conv ? 1 : t.dims.size() - 1;
  if (t.dims.empty() || !t.dims[axis].known() || product.has("perm_y")) return {};
  const int64_t channels = t.dims[axis].size;
  if (c.size() != 1 && c.size() != channels) return {};
  if (c.size() != 1) {
    size_t from_end = t.dims.size() - axis;  // the constant's axis that meets the channels
    if (c.shape().size() < from_end || c.shape()[c.shape().size() - from_end] != channels) return {};
  }
  Tensor out = Tensor::allocate(DType::f32, {channels});
  for (int64_t i = 0; i < channels; ++i) out.mutable_data<float>()[i] = c.data<float>()[c.size() == 1 ? 0 : i];
  return out;
}

bool take_bias(Graph& g, NodeId id) {
  const Node& add = g.node(id);
  for (size_t i = 0; i < 2; ++i) {
    NodeId p = product_of(g, add.input(i));
    const Tensor* c = g.constant_of(add.input(1 - i));
    if (p == k_none || !c || !is_product(g.node(p)) || g.node(p).has("post")) continue;
    Tensor bias = channel_vector(g, g.node(p), add.input(i), *c);
    if (!bias) continue;
    if (g.node(p).input(k_bias) != k_none) {
      const Tensor* old = g.constant_of(g.node(p).input(k_bias));
      if (!old || old->dtype() != DType::f32 || old->size() != bias.size()) continue;
      for (int64_t k = 0; k < bias.size(); ++k) bias.mutable_data<float>()[k] += old->data<float>()[k];
    }
    const bool same = c->rank() == 1 && c->size() == bias.size() && g.node(p).input(k_bias) == k_none;
    ValueId v = same ? add.input(1 - i) : g.add_constant(g.value(add.input(1 - i)).name, std::move(bias));
    absorb(g, p, id, [&](Node& n) { put(n, k_bias, v); });
    return true;
  }
  return false;
}

size_t place_of(const Graph& g, NodeId id) { return static_cast<size_t>(std::find(g.order().begin(), g.order().end(), id) - g.order().begin()); }

// The value is quantized next, at most two clamps between: all of it joins the epilogue.
bool ends_quantized(const Graph& g, ValueId v, int clamps = 0) {
  if (g.is_output(v) || g.use_count(v) != 1) return false;
  NodeId user = g.sole_user(v);
  if (user == k_none) return false;
  if (quantizer(g, user)) return true;
  std::optional<Activation> a = activation(g, g.node(user));
  if (!a || clamps == 2) return false;
  const std::string_view kind = a->kind;
  return (kind == "relu" || kind == "clip") && ends_quantized(g, g.node(user).output(0), clamps + 1);
}

// The integer product that made the 8-bit tensor which only v = DequantizeLinear(...) reads, with the same parameters; one that own kernels take.
NodeId rounded_product(const Graph& g, ValueId v) {
  auto q = dequantized(g, v);
  NodeId dq = only(g, v, "DequantizeLinear");
  if (!q || dq == k_none || g.use_count(q->data) != 1 || g.is_output(q->data)) return k_none;
  NodeId p = g.value(q->data).producer;
  if (p == k_none || !is_product(g.node(p))) return k_none;
  const Node& n = g.node(p);
  if (n.input(k_x_scale) == k_none || n.input(k_y_scale) == k_none || has_operand(n) || n.has("perm_y") || n.f("alpha", 1) != 1) return k_none;
  const Tensor *w = g.constant_of(n.input(1)), *b = g.constant_of(n.input(k_bias));
  if (!w || w->rank() > (n.op == "Conv" ? 4 : 2) || (n.input(k_bias) != k_none && (!b || b->rank() != 1))) return k_none;
  for (const ops::Post& post : ops::epilogue(n))
    if (post.kind != "relu" && post.kind != "clip") return k_none;
  return same_parameters(g, *q, {k_none, n.input(k_y_scale), n.input(k_y_scale + 1)}) ? p : k_none;
}

// Add(DequantizeLinear(mo.Conv quantized), r), quantized again: the product rounds to its 8-bit grid inside of its epilogue and adds r, in one step.
// r is an 8-bit tensor of the same shape or a constant per channel.
bool take_rounded(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  if (!ends_quantized(g, n.output(0))) return false;
  int best = -1;
  for (size_t i = 0; i < 2; ++i) {
    NodeId p = rounded_product(g, n.input(i));
    if (p == k_none || !same_shape(g, n.input(i), n.output(0))) continue;
    auto r = dequantized(g, n.input(1 - i));
    const bool bytes = r && !g.constant_of(r->data) && same_shape(g, n.input(0), n.input(1));
    Tensor c = float_constant(g, n.input(1 - i));
    if (!bytes && (!c || !channel_vector(g, g.node(p), n.input(i), c))) continue;
    if (best < 0 || place_of(g, p) > place_of(g, rounded_product(g, n.input(static_cast<size_t>(best))))) best = static_cast<int>(i);
  }
  if (best < 0) return false;
  ValueId v = n.input(static_cast<size_t>(best)), other = n.input(static_cast<size_t>(1 - best));
  NodeId p = rounded_product(g, v), dq = g.value(v).producer;
  const Tensor *scale = g.constant_of(g.node(p).input(k_y_scale)), *zero = g.constant_of(g.node(p).input(k_y_scale + 1));
  const char* kind = zero && zero->dtype() == DType::i8 ? "round_i8" : "round_u8";
  const float at = zero ? static_cast<float>(zero->integer()) : 0.0f;
  Node merged = g.node(p);
  merged.inputs.resize(k_y_scale, k_none);
  ops::append_post(merged, kind, scale->floats()[0], at);
  ops::append_post(merged, "add");
  if (Tensor c = float_constant(g, other); c) {
    Tensor vector = channel_vector(g, g.node(p), v, c);
    const size_t rank = g.value(v).type.dims.size();
    if (merged.op == "Conv") {
      Shape shape(rank - 1, 1);
      shape[0] = vector.size();
      vector = vector.reshaped(shape);
    }
    put(merged, k_operand, g.add_constant(g.value(other).name, std::move(vector)));
  } else {
    auto r = dequantized(g, other);
    put(merged, k_operand, r->data);
    put(merged, k_r_scale, r->scale);
    if (r->zero != k_none) put(merged, k_r_scale + 1, r->zero);
  }
  become(g, id, merged.op, merged.domain, merged.inputs, merged.attributes, {{p, dq}});
  g.remove_node(dq);
  g.remove_node(p);
  return true;
}

// `v` is available before node `id` in order.
bool take_operand(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  const char* kind = n.op == "Add" ? "add" : "mul";
  int best = -1;
  size_t best_place = 0;
  for (size_t i = 0; i < 2; ++i) {
    NodeId p = product_of(g, n.input(i));
    if (p == k_none || !is_product(g.node(p)) || has_operand(g.node(p)) || g.node(p).has("perm_y")) continue;
    if (!is_float(g, n.input(1 - i)) || !is_float(g, n.input(i)) || !same_shape(g, n.input(0), n.input(1))) continue;
    // of two products the later one, so that the other is done when its result is read
    size_t place = place_of(g, p);
    if (best < 0 || place > best_place) best = static_cast<int>(i), best_place = place;
  }
  if (best < 0) return false;
  NodeId p = g.value(n.input(static_cast<size_t>(best))).producer;
  ValueId operand = n.input(static_cast<size_t>(1 - best));
  auto q = dequantized(g, operand);  // an 8-bit residual is read as it is
  if (q && (g.constant_of(q->data) || kind[0] == 'm')) q.reset();
  absorb(g, p, id, [&](Node& m) {
    put(m, k_operand, q ? q->data : operand);
    if (q) put(m, k_r_scale, q->scale);
    if (q && q->zero != k_none) put(m, k_r_scale + 1, q->zero);
    ops::append_post(m, kind);
  });
  return true;
}

bool take_quantize(Graph& g, NodeId id) {
  auto q = quantizer(g, id);
  NodeId p = q ? product_of(g, q->data) : k_none;
  // float products store floats, and so do those whose operands' scales are not known yet
  if (p == k_none || (is_product(g.node(p)) && !g.constant_of(g.node(p).input(k_x_scale)))) return false;
  const size_t at = is_binary(g.node(p)) ? 6 : k_y_scale;
  absorb(g, p, id, [&](Node& n) {
    put(n, at, q->scale);
    if (q->zero != k_none) put(n, at + 1, q->zero);
  });
  return true;
}

bool run_fuse_epilogue(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    if (!g.alive(id)) continue;
    const Node& n = g.node(id);
    if (!n.domain.empty() || n.inputs.empty()) continue;
    if (n.op == "Add" && n.inputs.size() == 2) changed |= take_bias(g, id) || take_operand(g, id) || take_rounded(g, id);
    else if (n.op == "Mul" && n.inputs.size() == 2) changed |= take_operand(g, id);
    else if (n.op == "QuantizeLinear") changed |= take_quantize(g, id);
    else changed |= take_activation(g, id);
  }
  return changed;
}

}  // namespace

extern const Pass fuse_epilogue;
const Pass fuse_epilogue{"fuse_epilogue", Stage::plan, run_fuse_epilogue};

}  // namespace mo::passes
