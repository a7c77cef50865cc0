// lower_nbits: MatMul(a, DequantizeLinear(w, s, z)) with constant 4-bit weights [K, N], scaled per block of K or per column  =>  MatMulNBits(a, w', s', z'),
// whose kernels read the weights packed. Here and not in simplify, because the operator is not standard.
#include "base/float_types.h"
#include "passes/match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

bool is_nibbles(DType d) { return d == DType::i4 || d == DType::u4; }

// Element i as 0..15: signed numbers move up by 8.
int nibble(const Tensor& t, int64_t i) { return packed_get_u4(static_cast<const uint8_t*>(t.raw()), i) ^ (t.dtype() == DType::i4 ? 8 : 0); }
void put_nibble(uint8_t* data, int64_t i, int v) { data[i / 2] = static_cast<uint8_t>(data[i / 2] | (i % 2 ? v << 4 : v)); }

bool lower_one(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  NodeId dq = g.producer_if(n.input(1), "DequantizeLinear");
  if (dq == k_none || !is_float(g, n.input(0)) || !is_float(g, n.output(0))) return false;
  const Node& d = g.node(dq);
  const Tensor *w = g.constant_of(d.input(0)), *s = g.constant_of(d.input(1)), *z = d.input(2) == k_none ? nullptr : g.constant_of(d.input(2));
  if (!w || !s || !is_nibbles(w->dtype()) || w->rank() != 2 || s->dtype() != DType::f32 ||
      (d.input(2) != k_none && (!z || z->dtype() != w->dtype() || z->shape() != s->shape())))
    return false;
  const int64_t k = w->dim(0), columns = w->dim(1), given = d.i("block_size", 0), axis = d.i("axis", 1);
  const graph::Type& a = g.value(n.input(0)).type;
  if (k < 16 || columns < 1 || !a.ranked || a.rank() < 1) return false;
  int64_t block = 0, rows_per_scale = k;  // weights of one scale along K
  if (given > 0) {
    if (axis != 0 && axis != -2) return false;
    if (s->rank() != 2 || s->dim(1) != columns || s->dim(0) != (k + given - 1) / given) return false;
    rows_per_scale = given;
  } else if (!(s->size() == 1 || (s->rank() == 1 && s->dim(0) == columns && (axis == 1 || axis == -1)))) {
    return false;
  }
  // Blocks of MatMulNBits are powers of two; a longer run of one scale is several of them.
  for (block = 1024; block >= 16 && rows_per_scale % block != 0; block /= 2) {}
  if (block < 16) return false;
  const int64_t blocks = (k + block - 1) / block;
  auto scale_index = [&](int64_t column, int64_t b) {
    if (s->size() == 1) return int64_t{0};
    return given > 0 ? b * block / rows_per_scale * columns + column : column;
  };
  Tensor packed = Tensor::zeros(DType::u8, {columns, blocks, block / 2}), scales = Tensor::allocate(DType::f32, {columns * blocks}), zeros;
  const bool default_zero = w->dtype() == DType::i4 && !z;
  if (!default_zero) zeros = Tensor::zeros(DType::u8, {columns * ((blocks + 1) / 2)});
  auto* bytes = packed.mutable_data<uint8_t>();
  for (int64_t i = 0; i < k; ++i)
    for (int64_t c = 0; c < columns; ++c) put_nibble(bytes + c * blocks * block / 2, i, nibble(*w, i * columns + c));
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t at = scale_index(c, b);
      scales.mutable_data<float>()[c * blocks + b] = s->data<float>()[at];
      if (!default_zero) put_nibble(zeros.mutable_data<uint8_t>() + c * ((blocks + 1) / 2), b, z ? nibble(*z, at) : 0);
    }
  const std::string name = g.value(d.input(0)).name;
  std::vector<ValueId> inputs{n.input(0), g.add_constant(name + "_blocks", std::move(packed)), g.add_constant(name + "_scales", std::move(scales))};
  if (!default_zero) inputs.push_back(g.add_constant(name + "_zeros", std::move(zeros)));
  become(g, id, "MatMulNBits", "com.microsoft", std::move(inputs), {{"K", k}, {"N", columns}, {"bits", int64_t{4}}, {"block_size", block}}, {{dq}});
  return true;
}

bool run_lower_nbits(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order)
    if (g.alive(id) && g.node(id).is("MatMul")) changed |= lower_one(g, id);
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass lower_nbits;
const Pass lower_nbits{"lower_nbits", Stage::plan, run_lower_nbits};

}  // namespace mo::passes
