// The inner loops of attention on operands rounded to bfloat16: pairs of them are multiplied and summed in float32.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 takes the undefined operand of its own intrinsics for a fault
#include "kernels/cpu/attention_bf16.h"

#include "base/cpu.h"
#include "kernels/cpu/simd.h"

#ifdef __x86_64__
#include <immintrin.h>

#define MO_BF16 __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512bf16,prefer-vector-width=512")))

namespace mo::kernels {
namespace {

template <int rows, int lanes>
MO_BF16 inline void block(const uint32_t* a, int64_t a_stride, const uint32_t* b, int64_t b_stride, float* c, int64_t c_stride, int64_t pairs,
                          bool accumulate) {
  __m512 acc[rows][lanes];
#pragma GCC unroll 6
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < lanes; ++j) acc[i][j] = accumulate ? _mm512_loadu_ps(c + i * c_stride + 16 * j) : _mm512_setzero_ps();
  for (int64_t p = 0; p < pairs; ++p, b += b_stride) {
    __m512i w[lanes];
#pragma GCC unroll 4
    for (int j = 0; j < lanes; ++j) w[j] = _mm512_loadu_si512(b + 16 * j);
#pragma GCC unroll 6
    for (int i = 0; i < rows; ++i) {
      const __m512i v = _mm512_set1_epi32(static_cast<int>(a[i * a_stride + p]));
#pragma GCC unroll 4
      for (int j = 0; j < lanes; ++j) acc[i][j] = _mm512_dpbf16_ps(acc[i][j], (__m512bh)v, (__m512bh)w[j]);
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < lanes; ++j) _mm512_storeu_ps(c + i * c_stride + 16 * j, acc[i][j]);
}

template <int lanes>
MO_BF16 inline void columns(const uint32_t* a, int64_t a_stride, const uint32_t* b, int64_t b_stride, float* c, int64_t c_stride, int64_t rows,
                            int64_t pairs, bool accumulate) {
  int64_t i = 0;
  for (; i + 6 <= rows; i += 6) block<6, lanes>(a + i * a_stride, a_stride, b, b_stride, c + i * c_stride, c_stride, pairs, accumulate);
  if (i + 3 <= rows) block<3, lanes>(a + i * a_stride, a_stride, b, b_stride, c + i * c_stride, c_stride, pairs, accumulate), i += 3;
  for (; i < rows; ++i) block<1, lanes>(a + i * a_stride, a_stride, b, b_stride, c + i * c_stride, c_stride, pairs, accumulate);
}

MO_BF16 void product(const uint32_t* a, int64_t a_stride, const uint32_t* b, int64_t b_stride, float* c, int64_t c_stride, int64_t rows,
                     int64_t pairs, int64_t width, bool accumulate) {
  int64_t j = 0;
  for (; j + 64 <= width; j += 64) columns<4>(a, a_stride, b + j, b_stride, c + j, c_stride, rows, pairs, accumulate);
  if (j + 32 <= width) columns<2>(a, a_stride, b + j, b_stride, c + j, c_stride, rows, pairs, accumulate), j += 32;
  if (j < width) columns<1>(a, a_stride, b + j, b_stride, c + j, c_stride, rows, pairs, accumulate);
}

// Rounded to nearest even by the instruction itself, denormals to zero.
MO_BF16 void join(const float* even, const float* odd, uint32_t* dst, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 live = n - i >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << (n - i)) - 1);
    const __m512 low = _mm512_maskz_loadu_ps(live, even + i), high = odd ? _mm512_maskz_loadu_ps(live, odd + i) : _mm512_setzero_ps();
    const __m512i l = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low)), h = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high));
    _mm512_mask_storeu_epi32(dst + i, live, _mm512_or_si512(l, _mm512_slli_epi32(h, 16)));
  }
}

// In place too: each step has read what it writes over.
MO_BF16 void narrow(const float* src, float factor, uint32_t* dst, int64_t n) {
  const __m512 f = _mm512_set1_ps(factor);
  auto* to = reinterpret_cast<uint16_t*>(dst);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), (__m256i)_mm512_cvtneps_pbh(_mm512_mul_ps(_mm512_loadu_ps(src + i), f)));
  if (i == n) return;
  const __mmask16 live = static_cast<__mmask16>((1u << (n - i)) - 1), pairs = static_cast<__mmask16>((1u << ((n - i + 1) / 2 * 2)) - 1);
  _mm256_mask_storeu_epi16(to + i, pairs, (__m256i)_mm512_cvtneps_pbh(_mm512_mul_ps(_mm512_maskz_loadu_ps(live, src + i), f)));
}

}  // namespace

std::optional<PairTiles> pair_tiles() {
  if (isa() < Isa::avx512 || !cpu().avx512_bf16) return std::nullopt;
  return PairTiles{product, join, narrow};
}

}  // namespace mo::kernels
#else
namespace mo::kernels {
std::optional<PairTiles> pair_tiles() { return std::nullopt; }
}  // namespace mo::kernels
#endif
