// Products with packed 4-bit weights for AVX2: eight products of 4 x 8 bits add exactly in 16 bits before they are widened.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 does not see that every step has a chunk, which writes the sums
#include "kernels/cpu/nbits_tiles.h"
#include "kernels/cpu/simd.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace mo::kernels::nbits {

#ifdef __x86_64__
namespace {

constexpr int64_t k_ahead = 2048;  // bytes of weights asked for early: the processor itself stops at the border of a page

MO_AVX2 MO_INLINE __m256i four(const int8_t* x) { return _mm256_set1_epi32(*reinterpret_cast<const int32_t __attribute__((may_alias))*>(x)); }

// The sum stays in its register: left alone, GCC adds products first, as a tree, and spills them.
MO_AVX2 MO_INLINE void add(__m256i& sum, __m256i weights, __m256i x) {
  sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(weights, x));
  asm("" : "+x"(sum));
}

// sum[r][0, 16) (+)= factor * the products of E * 8 k: of two 4 x 8 bit ones at most 3810, so eight of these pairs fit 16 bits.
template <int rows, int E>
MO_AVX2 MO_INLINE void chunk(const uint32_t* data, const int8_t* x, int16_t factor, bool more, int32_t (&sum)[rows][k_columns]) {
  static_assert(E <= 4);
  const __m256i mask = _mm256_set1_epi8(15);
  __m256i acc[rows][2];
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
#pragma GCC unroll 4
  for (int e = 0; e < E; ++e, data += k_columns, x += rows * 8) {
    const auto* v = reinterpret_cast<const __m256i*>(data);
    const __m256i a = _mm256_loadu_si256(v), b = _mm256_loadu_si256(v + 1);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const __m256i a4 = _mm256_and_si256(half ? _mm256_srli_epi16(a, 4) : a, mask), b4 = _mm256_and_si256(half ? _mm256_srli_epi16(b, 4) : b, mask);
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
        const __m256i f = four(x + 8 * r + 4 * half);
        add(acc[r][0], a4, f);
        add(acc[r][1], b4, f);
      }
    }
  }
  const __m256i factors = _mm256_set1_epi16(factor);
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (int z = 0; z < 2; ++z) {
      auto* at = reinterpret_cast<__m256i*>(sum[r] + 8 * z);
      const __m256i wide = _mm256_madd_epi16(acc[r][z], factors);
      _mm256_store_si256(at, more ? _mm256_add_epi32(_mm256_load_si256(at), wide) : wide);
    }
}

template <int rows, bool fine, int E>
MO_AVX2 void multiply_rows(const Weights& w, const Activations& x, int64_t g, float* y, int64_t stride) {
  const uint32_t* data = w.data + g * w.depth / 8 * k_columns;
  const float* scales = w.scales + g * w.blocks() * k_columns;
  const float* zeros = w.zeros ? w.zeros + g * w.blocks() * k_columns : nullptr;
  const int8_t *high = x.high, *low = x.low;
  const int64_t steps = w.depth / x.step, chunks = x.step / (8 * E), per_block = w.block / x.step;
  alignas(32) float total[rows][k_columns] = {};
  int64_t in_block = 0;
  for (int64_t t = 0; t < steps; ++t) {
    alignas(32) int32_t sum[rows][k_columns];
    for (int64_t p = 0; p < chunks; ++p, data += E * k_columns) {
      if constexpr (rows == 1)
#pragma GCC unroll 4
        for (int e = 0; e < E; ++e) _mm_prefetch(reinterpret_cast<const char*>(data + e * k_columns) + k_ahead, _MM_HINT_T0);
      chunk<rows, E>(data, high, fine ? 128 : 1, p > 0, sum);
      high += E * rows * 8;
      if constexpr (fine) {
        chunk<rows, E>(data, low, 1, true, sum);
        low += E * rows * 8;
      }
    }
#pragma GCC unroll 2
    for (int z = 0; z < 2; ++z) {
      const __m256 scale = _mm256_loadu_ps(scales + 8 * z), zero = zeros ? _mm256_loadu_ps(zeros + 8 * z) : _mm256_set1_ps(8.0f);
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
        const __m256 s = _mm256_cvtepi32_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(sum[r] + 8 * z)));
        const __m256 f = _mm256_fnmadd_ps(zero, _mm256_set1_ps(x.sum[t * rows + r]), s);
        _mm256_store_ps(total[r] + 8 * z,
                        _mm256_fmadd_ps(f, _mm256_mul_ps(scale, _mm256_set1_ps(x.scale[t * rows + r])), _mm256_load_ps(total[r] + 8 * z)));
      }
    }
    if (++in_block == per_block) {
      in_block = 0;
      scales += k_columns;
      if (zeros) zeros += k_columns;
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int z = 0; z < 2; ++z) _mm256_storeu_ps(y + r * stride + 8 * z, _mm256_load_ps(total[r] + 8 * z));
}

template <bool fine>
MO_AVX2 void multiply(const Weights& w, const Activations& x, int64_t rows, int64_t g, float* y, int64_t stride) {
#define MO_ROWS(m) x.step >= 32 ? multiply_rows<m, fine, 4>(w, x, g, y, stride) : multiply_rows<m, fine, 2>(w, x, g, y, stride)
  if (rows == 4) return MO_ROWS(4);
  return rows == 2 ? MO_ROWS(2) : MO_ROWS(1);
#undef MO_ROWS
}

}  // namespace

Multiply multiply_avx2(bool fine) { return fine ? multiply<true> : multiply<false>; }

#else
Multiply multiply_avx2(bool) { return nullptr; }  // nobody asks
#endif

}  // namespace mo::kernels::nbits
