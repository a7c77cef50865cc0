// A few rows times constant float weights, read where they lie: one pass over them at the memory's speed, nothing packed.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/float_epilogue.h"
#include "kernels/cpu/matmul_views.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/vectors.h"

namespace mo::kernels {
namespace {

constexpr int64_t k_rows = 4;
constexpr int64_t k_deep = 8;        // rows of weights met at once
constexpr int64_t k_columns = 1024;  // of y that stay in the first-level cache

// y[r][0, n) += x[r][0, depth) w[depth][n], all rows of w `w_stride` apart; in vectors of `lanes`.
template <int lanes, int rows, int depth>
MO_INLINE void add_rows(const float* x, int64_t x_stride, const float* w, int64_t w_stride, float* y, int64_t y_stride, int64_t n) {
  using V = Floats<lanes>;
  constexpr int vectors = 16 / lanes;
  int64_t j = 0;
  for (; j + 16 <= n; j += 16) {
    V acc[rows][vectors];
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) acc[r][v] = *reinterpret_cast<const V*>(y + r * y_stride + j + lanes * v);
#pragma GCC unroll 8
    for (int k = 0; k < depth; ++k)
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) {
        const V of_w = *reinterpret_cast<const V*>(w + k * w_stride + j + lanes * v);
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) acc[r][v] += of_w * x[r * x_stride + k];
      }
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) *reinterpret_cast<V*>(y + r * y_stride + j + lanes * v) = acc[r][v];
  }
  for (; j < n; ++j)
    for (int r = 0; r < rows; ++r) {
      float acc = y[r * y_stride + j];
      for (int k = 0; k < depth; ++k) acc += w[k * w_stride + j] * x[r * x_stride + k];
      y[r * y_stride + j] = acc;
    }
}

template <int lanes, int rows>
MO_INLINE void plain_rows(const float* x, int64_t depth, const float* w, int64_t w_stride, float* y, int64_t y_stride, int64_t n) {
  int64_t k = 0;
  for (; k + k_deep <= depth; k += k_deep) add_rows<lanes, rows, k_deep>(x + k, depth, w + k * w_stride, w_stride, y, y_stride, n);
  for (; k < depth; ++k) add_rows<lanes, rows, 1>(x + k, depth, w + k * w_stride, w_stride, y, y_stride, n);
}

// y[r][0, n) += x[r] · w[j]: weights with one contiguous row per output.
template <int lanes, int rows>
MO_INLINE void dot_rows(const float* x, int64_t depth, const float* w, float* y, int64_t y_stride, int64_t n) {
  using V = Floats<lanes>;
  constexpr int vectors = 32 / lanes;
  for (int64_t j = 0; j < n; ++j, w += depth) {
    V acc[rows][2] = {};
    int64_t k = 0;
    for (; k + 32 <= depth; k += 32)
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) {
        const V of_w = *reinterpret_cast<const V*>(w + k + lanes * v);
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) acc[r][v % 2] += of_w * *reinterpret_cast<const V*>(x + r * depth + k + lanes * v);
      }
    for (int r = 0; r < rows; ++r) {
      const V both = acc[r][0] + acc[r][1];
      float sum = 0;
      for (int i = 0; i < lanes; ++i) sum += both[i];
      for (int64_t e = k; e < depth; ++e) sum += w[e] * x[r * depth + e];
      y[r * y_stride + j] += sum;
    }
  }
}

template <int lanes>
MO_INLINE void multiply_body(const float* x, int64_t depth, const float* w, int64_t w_stride, bool transposed, float* y, int64_t y_stride,
                             int64_t rows, int64_t n) {
#define MO_ROWS(m) transposed ? dot_rows<lanes, m>(x, depth, w, y, y_stride, n) : plain_rows<lanes, m>(x, depth, w, w_stride, y, y_stride, n)
  switch (rows) {
    case 1: return MO_ROWS(1);
    case 2: return MO_ROWS(2);
    case 3: return MO_ROWS(3);
    default: return MO_ROWS(4);
  }
#undef MO_ROWS
}
#define MO_PARAMETERS \
  (const float* x, int64_t depth, const float* w, int64_t w_stride, bool transposed, float* y, int64_t y_stride, int64_t rows, int64_t n)
#define MO_ARGUMENTS (x, depth, w, w_stride, transposed, y, y_stride, rows, n)
void multiply_scalar MO_PARAMETERS { multiply_body<4> MO_ARGUMENTS; }
MO_AVX2 void multiply_avx2 MO_PARAMETERS { multiply_body<8> MO_ARGUMENTS; }
MO_AVX512 void multiply_avx512 MO_PARAMETERS { multiply_body<16> MO_ARGUMENTS; }
#undef MO_PARAMETERS
#undef MO_ARGUMENTS

Offer prepare(const Request& r) {
  const Operand &a = r.in(0), &b = r.in(1), &y = r.out();
  if (a.dtype != DType::f32 || b.dtype != DType::f32 || y.dtype != DType::f32 || r.in(4).present || r.in(6).present || r.in(8).present)
    return Decline{"not float"};
  if (!b.constant || b.shape.size() != 2 || element_count(b.shape) < 1 << 16) return Decline{"not large constant weights"};
  if (r.bf16) return Decline{"bfloat16 products"};
  ProductSpec spec = product_spec(r.node);
  if (spec.trans_a || !spec.perm_a.empty() || !spec.perm_b.empty() || !spec.perm_y.empty() || a.shape.empty() || spec.alpha != 1)
    return Decline{"transposed or scaled"};
  const int64_t depth = a.shape.back(), rows = element_count(a.shape) / std::max<int64_t>(depth, 1), columns = b.shape[spec.trans_b ? 0 : 1];
  if (rows < 1 || rows > k_rows || depth < 1 || depth != b.shape[spec.trans_b ? 1 : 0]) return Decline{text(rows, " rows")};
  std::string reason;
  std::optional<FloatEpilogue> end = float_epilogue(r, rows, columns, reason);
  if (!end) return Decline{reason};
  auto multiply = pick(multiply_scalar, multiply_avx2, multiply_avx512);
  const int threads = r.threads;
  const bool transposed = spec.trans_b;
  Prepared p;
  p.detail = text(isa_name(), ", weights as they are");
  p.run = [=, epilogue = std::move(*end)](const Args& args) {
    const float *x = static_cast<const float*>(args.src[0]), *w = static_cast<const float*>(args.src[1]),
                *operand = epilogue.with_operand ? static_cast<const float*>(args.src[3]) : nullptr;
    float* to = static_cast<float*>(args.dst[0]);
    parallel_for(threads, columns, 64, [&](int64_t from, int64_t last) {
      for (int64_t j = from; j < last; j += k_columns) {
        const int64_t n = std::min(k_columns, last - j);
        for (int64_t i = 0; i < rows; ++i) {
          if (epilogue.bias.empty()) std::memset(to + i * columns + j, 0, static_cast<size_t>(n) * sizeof(float));
          else std::memcpy(to + i * columns + j, epilogue.bias.data() + j, static_cast<size_t>(n) * sizeof(float));
        }
        multiply(x, depth, transposed ? w + j * depth : w + j, columns, transposed, to + j, columns, rows, n);
        for (int64_t i = 0; i < rows; ++i) epilogue.row(to + i * columns + j, operand ? operand + i * columns + j : nullptr, n);
      }
    });
  };
  if (r.in(2).present) p.unused_inputs.push_back(2);
  return p;
}

}  // namespace

extern const Candidate row_matmul{"MatMul", "", "row_matmul", Wish::plain, prepare};
extern const Candidate row_gemm{"Gemm", "", "row_matmul", Wish::plain, prepare};
extern const Candidate row_mo_matmul{"MatMul", "mo", "row_matmul", Wish::plain, prepare};

}  // namespace mo::kernels
