// MatMulNBits (com.microsoft): A times a weight matrix stored in 2, 4 or 8 bits with one scale (and zero point) per block of K.
#include "base/checked.h"
#include "ops/compute.h"

namespace mo::ops {
namespace {

struct Layout {
  int64_t k, n, bits, block, blocks, blob;  // blob: bytes of one block
};

Layout read_layout(const Node& node) {
  Layout l{node.i("K", 0), node.i("N", 0), node.i("bits", 4), node.i("block_size", 0), 0, 0};
  require(l.k >= 1 && l.n >= 1 && l.k <= INT32_MAX && l.n <= INT32_MAX, Code::invalid_argument, "K is ", l.k, ", N ", l.n);
  require(l.bits == 2 || l.bits == 4 || l.bits == 8, Code::unsupported, "bits is ", l.bits, ", wants 2, 4 or 8");
  require(l.block >= 16 && l.block <= INT32_MAX && (l.block & (l.block - 1)) == 0, Code::invalid_argument, "block_size is ", l.block);
  l.blocks = (l.k + l.block - 1) / l.block;
  l.blob = l.block * l.bits / 8;
  return l;
}

void infer(Infer& c) {
  Layout l = read_layout(c.node);
  const Type& a = c.input(0);
  if (!a.ranked) return c.set_unranked(0, a.dtype);
  require(!a.dims.empty(), Code::shape, "A is a scalar");
  std::vector<Dim> dims = a.dims;
  same_dim(dims.back(), known_dim(l.k), "last axis of A and K differ");
  dims.back() = known_dim(l.n);
  c.set(0, a.dtype, std::move(dims));
}

int unpack(const uint8_t* data, int64_t i, int64_t bits) {
  if (bits == 8) return data[i];
  return bits == 4 ? packed_get_u4(data, i) : packed_get_u2(data, i);
}

// Row n of the weights as real numbers.
void dequantize_row(const Run& c, const Layout& l, int64_t n, std::vector<float>& row) {
  const auto* data = static_cast<const uint8_t*>(c.in(1).raw()) + n * l.blocks * l.blob;
  const Tensor* zp = c.in_or_null(3);
  int64_t zp_row = (l.blocks * l.bits + 7) / 8;
  for (int64_t k = 0; k < l.k; ++k) {
    int64_t b = k / l.block;
    float zero = static_cast<float>(1 << (l.bits - 1));
    if (zp && is_floating(zp->dtype())) zero = static_cast<float>(zp->number(n * l.blocks + b));
    else if (zp) zero = static_cast<float>(unpack(static_cast<const uint8_t*>(zp->raw()) + n * zp_row, b, l.bits));
    float scale = static_cast<float>(c.in(2).number(n * l.blocks + b));
    row[static_cast<size_t>(k)] = (static_cast<float>(unpack(data + b * l.blob, k % l.block, l.bits)) - zero) * scale;
  }
}

void run(Run& c) {
  Layout l = read_layout(c.node);
  const Tensor& a = c.in(0);
  require(a.rank() >= 1 && a.shape().back() == l.k, Code::shape, "A has shape ", a.shape(), ", wants [..., ", l.k, "]");
  require_dtype(c, 1, DType::u8);
  require(c.in(1).size() == checked_mul(checked_mul(l.n, l.blocks), l.blob), Code::shape, "B has shape ", c.in(1).shape(), ", wants [", l.n, ", ",
          l.blocks, ", ", l.blob, "]");
  require(c.in(2).size() == checked_mul(l.n, l.blocks), Code::shape, "scales have shape ", c.in(2).shape(), ", wants ", l.n * l.blocks, " entries");
  if (c.has(3)) {
    bool packed = c.dtype(3) == DType::u8;
    int64_t wanted = packed ? l.n * ((l.blocks * l.bits + 7) / 8) : l.n * l.blocks;
    require(packed || is_floating(c.dtype(3)), Code::type, "zero_points are ", name(c.dtype(3)));
    require(c.in(3).size() == wanted, Code::shape, "zero_points have shape ", c.in(3).shape(), ", wants ", wanted, " entries");
  }
  require(!c.has(4) || c.in(4).size() == 0, Code::unsupported, "g_idx (reordered weights)");
  if (c.has(5)) require_shape(c, 5, {l.n});
  Shape shape = a.shape();
  shape.back() = l.n;
  int64_t rows = a.size() / l.k;
  with_float(a.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(a);
    Result<T> y(c, 0, a.dtype(), shape);
    T* dst = y.data();
    std::vector<float> weights(static_cast<size_t>(l.k));
    for (int64_t n = 0; n < l.n; ++n) {
      dequantize_row(c, l, n, weights);
      double bias = c.has(5) ? c.in(5).number(n) : 0.0;
      for (int64_t r = 0; r < rows; ++r) {
        const T* src = x.data<T>() + r * l.k;
        double sum = 0;
        for (int64_t k = 0; k < l.k; ++k) sum += static_cast<double>(src[k]) * static_cast<double>(weights[static_cast<size_t>(k)]);
        dst[r * l.n + n] = static_cast<T>(sum + bias);
      }
    }
    y.finish();
  });
}

Cost cost(const CostQuery& q) {
  Cost r;
  if (q.inputs[0].is_static()) r.macs = checked_mul(element_count(q.inputs[0].shape()), q.node.i("N", 0));
  return r;
}

}  // namespace

extern const OpDef ms_matmul_nbits{
    .name = "MatMulNBits", .domain = "com.microsoft", .min_inputs = 3, .max_inputs = 6, .infer = infer, .run = run, .cost = cost, .since = 1};

}  // namespace mo::ops
