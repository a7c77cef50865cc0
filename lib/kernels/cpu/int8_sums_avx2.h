// Sums of an AVX2 tile of 8-bit products in registers: by bytes where no pair can saturate, by 16-bit numbers elsewhere. Included by kernel files only.
#pragma once
#include <immintrin.h>

#include <cstring>

#include "kernels/cpu/int8_gemm.h"

#define MO_SUMS __attribute__((target("avx2,fma"), always_inline)) static inline

namespace mo::kernels::int8 {

template <int R, int Z>
MO_SUMS void begin_sums(const Tile& t, __m256i (&acc)[R][Z]) {
#pragma GCC unroll 2
  for (int z = 0; z < Z; ++z) {
    const __m256i start = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(t.start + 8 * z));
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) acc[r][z] = start;
  }
}

MO_SUMS __m256i four_everywhere(const uint8_t* p) {
  int32_t four;
  std::memcpy(&four, p, 4);
  return _mm256_set1_epi32(four);
}

// Rows and weights are 16-bit numbers.
template <int R, int Z>
MO_SUMS void sum_words(const Tile& t, const uint8_t* const* rows, __m256i (&acc)[R][Z]) {
  begin_sums<R, Z>(t, acc);
  const uint8_t* w = static_cast<const uint8_t*>(t.weights);
  for (int64_t s = 0; s < t.segments; ++s) {
    const uint8_t* p[R];
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) p[r] = rows[r] + t.offset[s];
    for (int64_t k = 0; k < 4 * t.depth; k += 4) {
      __m256i b[Z];
#pragma GCC unroll 2
      for (int z = 0; z < Z; ++z) b[z] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 32 * z));
      w += 32 * Z;
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r) {
        const __m256i a = four_everywhere(p[r] + k);
#pragma GCC unroll 2
        for (int z = 0; z < Z; ++z) acc[r][z] = _mm256_add_epi32(acc[r][z], _mm256_madd_epi16(a, b[z]));
      }
    }
  }
}

// Pairs of products in 16 bits. The weights are named as an operand in memory, since GCC would keep them in registers and sums in memory.
MO_SUMS __m256i pairs(__m256i a, const uint8_t* w) {
  __m256i v;
  asm("vpmaddubsw %2, %1, %0" : "=x"(v) : "x"(a), "m"(*reinterpret_cast<const __m256i_u*>(w)));
  return v;
}

// Four of which no pair saturates: pairs are added in 16 bits, then the two pairs.
template <int R, int Z>
MO_SUMS void sum_safe(__m256i a, const uint8_t* w, __m256i (&acc)[R][Z], int r) {
#pragma GCC unroll 2
  for (int z = 0; z < Z; ++z) acc[r][z] = _mm256_add_epi32(acc[r][z], _mm256_madd_epi16(pairs(a, w + 32 * z), _mm256_set1_epi16(1)));
}

template <int Z>
MO_SUMS void load_group(const uint8_t*& w, __m256i (&b)[Z]) {
#pragma GCC unroll 2
  for (int z = 0; z < Z; ++z) b[z] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 32 * z));
  w += 32 * Z;
}

MO_SUMS __m256i four_of_window(const uint8_t* p, __m256i order) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))), order);
}

// Rows and weights are bytes: t.groups.
template <int R, int Z>
MO_SUMS void sum_bytes(const Tile& t, const uint8_t* const* rows, __m256i (&acc)[R][Z]) {
  begin_sums<R, Z>(t, acc);
  const uint8_t* w = static_cast<const uint8_t*>(t.weights);
  const uint8_t* p[R];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) p[r] = rows[r];
  const int32_t *at = t.groups->at, *end = at + t.groups->count[0];
  for (; at != end; ++at, w += 32 * Z) {
    const int64_t k = *at;
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) sum_safe<R, Z>(four_everywhere(p[r] + k), w, acc, r);
  }
  const int32_t* order = t.groups->order + t.groups->count[0];
  for (end += t.groups->count[1]; at != end; ++at, ++order, w += 32 * Z) {
    const int64_t k = *at;
    const __m256i four = _mm256_set1_epi32(*order);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) sum_safe<R, Z>(four_of_window(p[r] + k, four), w, acc, r);
  }
  // where a pair may saturate: even and odd bytes apart, as 16-bit numbers
  const __m256i low = _mm256_set1_epi16(255);
  for (end += t.groups->count[2]; at != end; ++at, ++order) {
    const int64_t k = *at;
    const __m256i four = _mm256_set1_epi32(*order);
    __m256i b[Z], even[Z], odd[Z];
    load_group<Z>(w, b);
#pragma GCC unroll 2
    for (int z = 0; z < Z; ++z) {
      even[z] = _mm256_srai_epi16(_mm256_slli_epi16(b[z], 8), 8);
      odd[z] = _mm256_srai_epi16(b[z], 8);
    }
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const __m256i a = four_of_window(p[r] + k, four), first = _mm256_and_si256(a, low), second = _mm256_srli_epi16(a, 8);
#pragma GCC unroll 2
      for (int z = 0; z < Z; ++z)
        acc[r][z] = _mm256_add_epi32(_mm256_add_epi32(acc[r][z], _mm256_madd_epi16(first, even[z])), _mm256_madd_epi16(second, odd[z]));
    }
  }
}

}  // namespace mo::kernels::int8
