// Reading of QuantizeLinear and DequantizeLinear nodes by passes.
#include "passes/quantized.h"

#include "ops/op.h"

namespace mo::passes {
namespace {

bool byte_type(DType d) { return d == DType::u8 || d == DType::i8; }

// Scale and zero point are one known number each.
bool one_number(const Graph& g, const Node& n, Quantized& q) {
  const Tensor* scale = g.constant_of(n.input(1));
  if (!scale || scale->size() != 1 || scale->dtype() != DType::f32 || n.i("block_size", 0) != 0) return false;
  q = {n.input(0), n.input(1), n.input(2)};
  if (q.zero == k_none) return true;
  const Tensor* zero = g.constant_of(q.zero);
  return zero && zero->size() == 1 && byte_type(zero->dtype());
}

}  // namespace

std::optional<Quantized> dequantized(const Graph& g, ValueId v) {
  NodeId id = v == k_none ? k_none : g.producer_if(v, "DequantizeLinear");
  Quantized q;
  if (id == k_none || !one_number(g, g.node(id), q)) return std::nullopt;
  if (!byte_type(g.value(q.data).type.dtype) || !is_float(g, v)) return std::nullopt;
  return q;
}

std::optional<Quantized> quantizer(const Graph& g, NodeId id) {
  const Node& n = g.node(id);
  Quantized q;
  if (!n.is("QuantizeLinear") || !one_number(g, n, q) || !is_float(g, q.data)) return std::nullopt;
  int64_t wanted = n.i("output_dtype", 0);
  if (q.zero == k_none && wanted != 0 && wanted != static_cast<int64_t>(DType::u8)) return std::nullopt;
  return q;
}

bool same_parameters(const Graph& g, const Quantized& a, const Quantized& b) {
  if (g.constant_of(a.scale)->number() != g.constant_of(b.scale)->number()) return false;
  auto zero = [&](const Quantized& q) {
    return q.zero == k_none ? std::pair(DType::u8, int64_t{0}) : std::pair(g.constant_of(q.zero)->dtype(), g.constant_of(q.zero)->integer());
  };
  return zero(a) == zero(b);
}

Tensor float_constant(const Graph& g, ValueId v) {
  if (v == k_none) return {};
  if (const Tensor* t = g.constant_of(v)) return t->dtype() == DType::f32 ? *t : Tensor();
  NodeId id = g.producer_if(v, "DequantizeLinear");
  if (id == k_none) return {};
  const Node& n = g.node(id);
  std::vector<Datum> data;
  for (ValueId in : n.inputs) {
    const Tensor* t = g.constant_of(in);
    if (in != k_none && !t) return {};
    data.push_back(t ? Datum(*t) : Datum());
  }
  std::vector<const Datum*> in;
  for (const Datum& d : data) in.push_back(&d);
  Datum out[1];
  ops::Run run(n, in, out);
  ops::run_node(run);
  return out[0].tensor.dtype() == DType::f32 ? out[0].tensor : Tensor();
}

}  // namespace mo::passes
