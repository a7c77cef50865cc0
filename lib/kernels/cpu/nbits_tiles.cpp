// Products with packed 4-bit weights.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 takes the undefined operand of its own intrinsics for a fault
#include "kernels/cpu/nbits_tiles.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <cmath>
#include <cstring>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_math.h"
#include "kernels/cpu/vectors.h"

namespace mo::kernels::nbits {
namespace {

#ifdef __x86_64__
template <int rows, bool fine>
MO_VNNI inline void multiply_rows(const Weights& w, const Activations& x, int64_t g, float* y, int64_t stride) {
  const __m512i mask = _mm512_set1_epi32(0x0f0f0f0f);
  const uint32_t* data = w.data + g * w.depth / 8 * k_columns;
  const float* scales = w.scales + g * w.blocks() * k_columns;
  const float* zeros = w.zeros ? w.zeros + g * w.blocks() * k_columns : nullptr;
  const int8_t *high = x.high, *low = x.low;
  const int64_t groups = x.step / 8, count = w.depth / x.step, per_block = w.block / x.step;
  __m512 total[rows];
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r) total[r] = _mm512_setzero_ps();
  int64_t in_block = 0;
  for (int64_t t = 0; t < count; ++t) {
    __m512i h[rows], l[rows];
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r) h[r] = l[r] = _mm512_setzero_si512();
    for (int64_t e = 0; e < groups; ++e, data += k_columns, high += rows * 8) {
      const __m512i v = _mm512_loadu_si512(data);
      const __m512i first = _mm512_and_si512(v, mask), second = _mm512_and_si512(_mm512_srli_epi32(v, 4), mask);
      const auto* xh = reinterpret_cast<const int32_t*>(high);
#pragma GCC unroll 12
      for (int r = 0; r < rows; ++r) {
        h[r] = _mm512_dpbusd_epi32(h[r], first, _mm512_set1_epi32(xh[2 * r]));
        h[r] = _mm512_dpbusd_epi32(h[r], second, _mm512_set1_epi32(xh[2 * r + 1]));
      }
      if constexpr (fine) {
        const auto* xl = reinterpret_cast<const int32_t*>(low);
#pragma GCC unroll 12
        for (int r = 0; r < rows; ++r) {
          l[r] = _mm512_dpbusd_epi32(l[r], first, _mm512_set1_epi32(xl[2 * r]));
          l[r] = _mm512_dpbusd_epi32(l[r], second, _mm512_set1_epi32(xl[2 * r + 1]));
        }
        low += rows * 8;
      }
    }
    const __m512 scale = _mm512_loadu_ps(scales), zero = zeros ? _mm512_loadu_ps(zeros) : _mm512_set1_ps(8.0f);
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r) {
      const __m512i sum = fine ? _mm512_add_epi32(_mm512_slli_epi32(h[r], 7), l[r]) : h[r];
      const __m512 f = _mm512_fnmadd_ps(zero, _mm512_set1_ps(x.sum[t * rows + r]), _mm512_cvtepi32_ps(sum));
      total[r] = _mm512_fmadd_ps(f, _mm512_mul_ps(scale, _mm512_set1_ps(x.scale[t * rows + r])), total[r]);
    }
    if (++in_block == per_block) {
      in_block = 0;
      scales += k_columns;
      if (zeros) zeros += k_columns;
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r) _mm512_storeu_ps(y + r * stride, total[r]);
}

template <bool fine>
MO_VNNI void multiply(const Weights& w, const Activations& x, int64_t rows, int64_t g, float* y, int64_t stride) {
  switch (rows) {
    case 12:
      if constexpr (!fine) return multiply_rows<12, fine>(w, x, g, y, stride);
      [[fallthrough]];
    case 8: return multiply_rows<8, fine>(w, x, g, y, stride);
    case 4: return multiply_rows<4, fine>(w, x, g, y, stride);
    case 2: return multiply_rows<2, fine>(w, x, g, y, stride);
    default: return multiply_rows<1, fine>(w, x, g, y, stride);
  }
}

#else
template <bool fine>
void multiply(const Weights&, const Activations&, int64_t, int64_t, float*, int64_t) {}  // nobody asks
#endif

MO_INLINE void quantize_body(const float* x, int64_t x_stride, int64_t rows, int64_t depth_given, int64_t depth, int64_t step, int8_t* high,
                             int8_t* low, float* scale, float* sum) {
  const float most = low ? 16256.0f : 127.0f;
  for (int64_t r = 0; r < rows; ++r) {
    const float* row = x + r * x_stride;
    for (int64_t t = 0; t < depth / step; ++t) {
      const int64_t at = t * step, n = at >= depth_given ? 0 : depth_given - at < step ? depth_given - at : step;
      float largest = 0;
#pragma omp simd reduction(max : largest)
      for (int64_t i = 0; i < n; ++i) {
        const float a = math::abs(row[at + i]);
        largest = a > largest ? a : largest;
      }
      const float factor = largest > 0 ? most / largest : 0.0f;
      int32_t q[256];
      int32_t total = 0;
#pragma omp simd reduction(+ : total)
      for (int64_t i = 0; i < n; ++i) {
        q[i] = static_cast<int32_t>(math::round_even(row[at + i] * factor));
        total += q[i];
      }
      for (int64_t i = n; i < step; ++i) q[i] = 0;
      int8_t bytes[256];  // of one half
      auto spread = [&](int8_t* to) {
        for (int64_t i = 0; i < step; i += 8) std::memcpy(to + ((at + i) / 8 * rows + r) * 8, bytes + i, 8);
      };
      if (low) {
#pragma omp simd
        for (int64_t i = 0; i < step; ++i) bytes[i] = static_cast<int8_t>(q[i] - ((q[i] + 64) >> 7) * 128);
        spread(low);
#pragma omp simd
        for (int64_t i = 0; i < step; ++i) bytes[i] = static_cast<int8_t>((q[i] + 64) >> 7);
      } else {
#pragma omp simd
        for (int64_t i = 0; i < step; ++i) bytes[i] = static_cast<int8_t>(q[i]);
      }
      spread(high);
      scale[t * rows + r] = largest / most;
      sum[t * rows + r] = static_cast<float>(total);
    }
  }
}
MO_SIMD_PLAIN(quantize, void,
              (const float* x, int64_t x_stride, int64_t rows, int64_t depth_given, int64_t depth, int64_t step, int8_t* high, int8_t* low,
               float* scale, float* sum),
              (x, x_stride, rows, depth_given, depth, step, high, low, scale, sum))

typedef uint32_t Bits __attribute__((vector_size(16), aligned(4), may_alias));

void expand(const Weights& w, int64_t g, int64_t from, int64_t to, float* dst, int64_t dst_stride) {
  using V = Floats<4>;
  const uint32_t* data = w.data + (g * w.depth + from) / 8 * k_columns;
  const float* scales = w.scales + g * w.blocks() * k_columns;
  const float* zeros = w.zeros ? w.zeros + g * w.blocks() * k_columns : nullptr;
  for (int64_t k = from; k < to; k += 8, data += k_columns) {
    const int64_t b = k / w.block * k_columns;
    for (int c = 0; c < k_columns; c += 4) {
      const V scale = *reinterpret_cast<const V*>(scales + b + c);
      const V zero = zeros ? *reinterpret_cast<const V*>(zeros + b + c) : V{} + 8.0f;
      const Bits v = *reinterpret_cast<const Bits*>(data + c);
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) {
        const Bits q = (v >> (i < 4 ? 8 * i : 8 * (i - 4) + 4)) & 15u;
        *reinterpret_cast<V*>(dst + (k - from + i) * dst_stride + c) = (__builtin_convertvector(q, V) - zero) * scale;
      }
    }
  }
}

}  // namespace

Multiply multiply_vnni(bool fine) { return fine ? multiply<true> : multiply<false>; }
Quantize quantize_rows() { return quantize_pick(); }
Expand expand_group() { return expand; }

}  // namespace mo::kernels::nbits
