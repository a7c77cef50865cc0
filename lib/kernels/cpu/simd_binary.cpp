// Broadcast arithmetic of two float or 8-bit tensors: Add, Sub, Mul, Div, Min, Max, Pow, PRelu and mo.Binary with its epilogue.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/physical.h"
#include "kernels/cpu/simd_math.h"
#include "kernels/cpu/simd_quant.h"
#include "kernels/cpu/simd_unary.h"
#include "ops/epilogue.h"

namespace mo::kernels {
namespace {

enum class Op { add, sub, mul, div, min, max, prelu, pow };

template <Op op>
MO_INLINE float apply(float a, float b) {
  if constexpr (op == Op::add) return a + b;
  if constexpr (op == Op::sub) return a - b;
  if constexpr (op == Op::mul) return a * b;
  if constexpr (op == Op::div) return a / b;
  if constexpr (op == Op::min) return b < a || b != b ? b : a;
  if constexpr (op == Op::max) return a < b || b != b ? b : a;
  if constexpr (op == Op::prelu) return a < 0 ? a * b : a;
  if constexpr (op == Op::pow) return std::pow(a, b);
}

// Strides are 0 or 1.
template <Op op>
MO_INLINE void binary_body(const float* a, const float* b, float* y, int64_t n, int64_t sa, int64_t sb) {
  if (sa == 1 && sb == 1) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = apply<op>(a[i], b[i]);
  } else if (sa == 1) {
    const float v = n > 0 ? b[0] : 0;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = apply<op>(a[i], v);
  } else {
    const float v = n > 0 ? a[0] : 0;
    if (sb == 1) {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) y[i] = apply<op>(v, b[i]);
    } else {
      const float u = n > 0 ? apply<op>(v, b[0]) : 0;
      for (int64_t i = 0; i < n; ++i) y[i] = u;
    }
  }
}
MO_SIMD_TEMPLATE(binary, Op, void, (const float* a, const float* b, float* y, int64_t n, int64_t sa, int64_t sb), (a, b, y, n, sa, sb))

using Row = void (*)(const float*, const float*, float*, int64_t, int64_t, int64_t);

Row row_of(std::string_view op) {
  if (op == "Add" || op == "add") return binary_pick<Op::add>();
  if (op == "Sub" || op == "sub") return binary_pick<Op::sub>();
  if (op == "Mul" || op == "mul") return binary_pick<Op::mul>();
  if (op == "Div" || op == "div") return binary_pick<Op::div>();
  if (op == "Min" || op == "min") return binary_pick<Op::min>();
  if (op == "Max" || op == "max") return binary_pick<Op::max>();
  if (op == "PRelu") return binary_pick<Op::prelu>();
  return binary_scalar<Op::pow>;
}

// Rows whose operands are strided otherwise are gathered first, in pieces.
void gather(const float* src, int64_t stride, float* dst, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dst[i] = src[i * stride];
}

constexpr int64_t k_piece = 1024;

void float_rows(const Loops& l, Row row, const std::vector<UnaryFn>& posts, const float* a, const float* b, float* y, int64_t from, int64_t to) {
  const int64_t n = l.row(), sa = l.strides[0].back(), sb = l.strides[1].back();
  const bool simple = sa <= 1 && sb <= 1;
  float pa[k_piece], pb[k_piece];
  for (int64_t r = from; r < to; ++r) {
    int64_t at[2];
    l.offsets(r, at);
    float* dst = y + r * n;
    if (simple) {
      row(a + at[0], b + at[1], dst, n, sa, sb);
    } else {
      for (int64_t i = 0; i < n; i += k_piece) {
        int64_t m = std::min(k_piece, n - i);
        const float *qa = a + at[0] + i * sa, *qb = b + at[1] + i * sb;
        if (sa > 1) gather(qa, sa, pa, m);
        if (sb > 1) gather(qb, sb, pb, m);
        row(sa > 1 ? pa : qa, sb > 1 ? pb : qb, dst + i, m, std::min<int64_t>(sa, 1), std::min<int64_t>(sb, 1));
      }
    }
    for (const UnaryFn& f : posts) f(dst, dst, n);
  }
}

// One long row is cut so that a team can share it; several short ones are dealt out whole.
void split_row(Loops& l, int threads) {
  if (threads <= 1 || l.dims.size() != 1 || l.dims[0] < 1 << 15) return;
  int64_t parts = 16;
  while (parts > 1 && l.dims[0] % parts != 0) parts /= 2;
  if (parts == 1) return;
  int64_t n = l.dims[0] / parts;
  l.dims = {parts, n};
  for (auto& s : l.strides) s = {s[0] * n, s[0]};
}

Offer prepare_float(const Request& r, std::string_view op, std::vector<UnaryFn> posts) {
  const Operand &a = r.in(0), &b = r.in(1);
  const Operand* both[] = {&a, &b};
  Loops l = loops_of(both, r.out());
  int64_t total = element_count(r.out().shape);
  int threads = total >= 1 << 15 ? r.threads : 1;
  split_row(l, threads);
  Prepared p;
  p.detail = isa_name();
  if (a.shape == r.out().shape && a.layout == r.out().layout && !a.constant) p.in_place = 0;
  else if (b.shape == r.out().shape && b.layout == r.out().layout && !b.constant) p.in_place = 1;
  Row row = row_of(op);
  if (op == "Pow" && b.constant && b.constant->size() == 1) {
    float e = b.constant->floats()[0];
    UnaryFn fn = e == 2.0f ? unary_by_name("square", 0, 0) : UnaryFn{};
    if (fn.row && posts.empty() && a.shape == r.out().shape) {
      p.run = [fn, total](const Args& args) { fn(static_cast<const float*>(args.src[0]), static_cast<float*>(args.dst[0]), total); };
      return p;
    }
  }
  p.run = [l, row, posts = std::move(posts), threads](const Args& args) {
    const float *x = static_cast<const float*>(args.src[0]), *z = static_cast<const float*>(args.src[1]);
    float* y = static_cast<float*>(args.dst[0]);
    int64_t grain = std::max<int64_t>(1, 4096 / l.row());
    parallel_for(threads, l.rows(), grain, [&](int64_t from, int64_t to) { float_rows(l, row, posts, x, z, y, from, to); });
  };
  return p;
}

Offer prepare(const Request& r) {
  if (r.inputs.size() != 2) return Decline{"not two operands"};
  if (r.in(0).dtype != DType::f32 || r.in(1).dtype != DType::f32) return Decline{text("dtype ", name(r.in(0).dtype))};
  if (element_count(r.out().shape) == 0) return Decline{"empty tensor"};
  return prepare_float(r, r.node.op, {});
}

// ---- 8-bit operands: pieces of a row become floats, are combined, and are quantized again

struct Operand8 {
  bool quantized = false;
  LinearQuant q;  // of 8-bit data
  int size = 4;   // bytes of an element
};

bool describe8(const Request& r, size_t x, size_t scale, size_t zero, const Operand& operand, Operand8& out, std::string& reason) {
  (void)x;
  if (operand.dtype == DType::f32) return true;
  if (operand.dtype != DType::u8 && operand.dtype != DType::i8) {
    reason = text("dtype ", name(operand.dtype));
    return false;
  }
  const Tensor *s = r.in(scale).constant, *z = r.in(zero).constant;
  if (!s || s->size() != 1 || (r.in(zero).present && (!z || z->size() != 1))) {
    reason = "scale or zero point is not one known number";
    return false;
  }
  out.quantized = true;
  out.size = 1;
  out.q = linear_quant(operand.dtype, s->floats()[0], z ? static_cast<int32_t>(z->integer()) : 0);
  return true;
}

Offer prepare_mo(const Request& r) {
  std::vector<UnaryFn> posts;
  for (const ops::Post& post : ops::epilogue(r.node)) {
    UnaryFn fn = unary_by_name(post.kind, post.alpha, post.beta);
    if (!fn.row) return Decline{text("epilogue ", post.kind)};
    posts.push_back(fn);
  }
  if (element_count(r.out().shape) == 0) return Decline{"empty tensor"};
  const std::string op = r.node.s("op", "add");
  Operand8 a, b, y;
  std::string reason;
  if (!describe8(r, 0, 2, 3, r.in(0), a, reason) || !describe8(r, 1, 4, 5, r.in(1), b, reason) || !describe8(r, 0, 6, 7, r.out(), y, reason))
    return Decline{reason};
  if (!a.quantized && !b.quantized && !y.quantized) return prepare_float(r, op, std::move(posts));
  const Operand* both[] = {&r.in(0), &r.in(1)};
  Loops l = loops_of(both, r.out());
  for (auto& s : l.strides)
    if (s.back() > 1) return Decline{"operand strided along the rows"};
  int threads = element_count(r.out().shape) >= 1 << 15 ? r.threads : 1;
  split_row(l, threads);
  Prepared p;
  p.detail = isa_name();
  for (int i = 2; i < 8; ++i)
    if (r.in(i).constant) p.unused_inputs.push_back(i);
  if (y.size == a.size && r.in(0).shape == r.out().shape) p.in_place = 0;
  Row row = row_of(op);
  DequantizeRow dequantize = dequantize_row();
  QuantizeRow quantize = quantize_row();
  // The usual case of a residual sum has a kernel of its own.
  AddRow add8 =
      op == "add" && a.quantized && b.quantized && y.quantized && l.strides[0].back() == 1 && l.strides[1].back() == 1 ? add_row() : nullptr;
  float low = -std::numeric_limits<float>::infinity();
  if (add8)
    for (const ops::Post& post : ops::epilogue(r.node)) {
      if (post.kind == "relu" && posts.size() == 1) low = 0;
      else add8 = nullptr;
    }
  p.run = [=, posts = std::move(posts)](const Args& args) {
    const char *x = static_cast<const char*>(args.src[0]), *z = static_cast<const char*>(args.src[1]);
    char* dst = static_cast<char*>(args.dst[0]);
    const int64_t n = l.row(), sa = l.strides[0].back(), sb = l.strides[1].back();
    auto rows = [&](int64_t from, int64_t to) {
      float pa[k_piece], pb[k_piece];
      for (int64_t i = from; i < to; ++i) {
        int64_t at[2];
        l.offsets(i, at);
        if (add8) {
          add8(reinterpret_cast<const uint8_t*>(x) + at[0], reinterpret_cast<const uint8_t*>(z) + at[1], reinterpret_cast<uint8_t*>(dst) + i * n, n,
               a.q, b.q, y.q, low);
          continue;
        }
        for (int64_t j = 0; j < n; j += k_piece) {
          int64_t m = std::min(k_piece, n - j);
          const char *qa = x + (at[0] + j * sa) * a.size, *qb = z + (at[1] + j * sb) * b.size;
          const float *fa = reinterpret_cast<const float*>(qa), *fb = reinterpret_cast<const float*>(qb);
          if (a.quantized) dequantize(reinterpret_cast<const uint8_t*>(qa), pa, sa ? m : 1, a.q), fa = pa;
          if (b.quantized) dequantize(reinterpret_cast<const uint8_t*>(qb), pb, sb ? m : 1, b.q), fb = pb;
          char* out = dst + (i * n + j) * y.size;
          float* fy = y.quantized ? pa : reinterpret_cast<float*>(out);
          row(fa, fb, fy, m, sa, sb);
          for (const UnaryFn& f : posts) f(fy, fy, m);
          if (y.quantized) quantize(fy, reinterpret_cast<uint8_t*>(out), m, y.q);
        }
      }
    };
    parallel_for(threads, l.rows(), std::max<int64_t>(1, 4096 / n), rows);
  };
  return p;
}

}  // namespace

#define MO_BINARY(op) extern const Candidate simd_##op{#op, "", "simd_binary", Wish::any_same, prepare};
MO_BINARY(Add)
MO_BINARY(Sub)
MO_BINARY(Mul)
MO_BINARY(Div)
MO_BINARY(Min)
MO_BINARY(Max)
MO_BINARY(PRelu)
MO_BINARY(Pow)
#undef MO_BINARY
extern const Candidate simd_mo_binary{"Binary", "mo", "simd_binary", Wish::any_same, prepare_mo};

}  // namespace mo::kernels
