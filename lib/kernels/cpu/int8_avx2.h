// Register steps of the 8-bit AVX2 kernels: the fused epilogue of 16 or 8 columns. Included by kernel files only.
#pragma once
#include <immintrin.h>

#include <cstring>

#include "kernels/cpu/int8_epilogue.h"

#define MO_STEP2 __attribute__((target("avx2,fma"), always_inline)) static inline

namespace mo::kernels::int8 {

// A row is Z registers of 8 columns in the order (column_of in int8_gemm.h) that unpacking 16 bytes gives: with Z = 2 columns 0-3 and 8-11, then 4-7 and 12-15.

template <int Z>
MO_STEP2 __m128i load_bytes(const uint8_t* from, int columns) {
  if (columns == 8 * Z) {
    if constexpr (Z == 2) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  }
  alignas(16) uint8_t some[16] = {};
  std::memcpy(some, from, static_cast<size_t>(columns));
  return _mm_load_si128(reinterpret_cast<const __m128i*>(some));
}

template <int Z>
MO_STEP2 void store_bytes(uint8_t* to, __m128i q, int columns) {
  if (columns == 8 * Z) {
    if constexpr (Z == 2) _mm_storeu_si128(reinterpret_cast<__m128i*>(to), q);
    else _mm_storel_epi64(reinterpret_cast<__m128i*>(to), q);
    return;
  }
  alignas(16) uint8_t some[16];
  _mm_store_si128(reinterpret_cast<__m128i*>(some), q);
  if (columns >= 8) {  // two pieces that overlap
    std::memcpy(to, some, 8);
    std::memcpy(to + columns - 8, some + columns - 8, 8);
  } else if (columns >= 4) {
    std::memcpy(to, some, 4);
    std::memcpy(to + columns - 4, some + columns - 4, 4);
  } else {
    for (int i = 0; i < columns; ++i) to[i] = some[i];
  }
}

template <int Z>
MO_STEP2 void add_residual(__m256 (&v)[Z], const uint8_t* r, int columns, const Steps& s) {
  const __m256i b = _mm256_cvtepu8_epi16(_mm_xor_si128(load_bytes<Z>(r, columns), _mm_set1_epi8(static_cast<char>(s.r.flip)))),
                none = _mm256_setzero_si256();
  __m256i q[Z];
  if constexpr (Z == 2) {
    q[0] = _mm256_unpacklo_epi16(b, none);
    q[1] = _mm256_unpackhi_epi16(b, none);
  } else {
    q[0] = _mm256_cvtepu16_epi32(_mm256_castsi256_si128(b));
  }
#pragma GCC unroll 2
  for (int z = 0; z < Z; ++z)
    v[z] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(q[z], _mm256_set1_epi32(s.r.zero))), _mm256_set1_ps(s.r_scale), v[z]);
}

template <int Z>
MO_STEP2 void round_inside(__m256 (&v)[Z], const Steps& s) {
#pragma GCC unroll 2
  for (int z = 0; z < Z; ++z) {
    __m256 c = _mm256_max_ps(_mm256_min_ps(v[z], _mm256_set1_ps(s.inner_high)), _mm256_set1_ps(s.inner_low));
    v[z] = _mm256_mul_ps(_mm256_round_ps(c, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), _mm256_set1_ps(s.inner_scale));
  }
}

// `open` is s.open(), which is dear to ask again and again. Rounds, adds the zero point, saturates and clamps 4 / Z rows; they come out after one another, columns in their natural order.
template <int Z>
MO_STEP2 __m256i pack_steps(const __m256 (&v)[4 / Z][Z], const Steps& s, bool open) {
  const __m256i zero = _mm256_set1_epi16(static_cast<int16_t>(s.zero));
  const __m256 &b = Z == 2 ? v[0][Z - 1] : v[1][0], &c = Z == 2 ? v[1][0] : v[4 / Z - 2][0], &d = Z == 2 ? v[1][Z - 1] : v[4 / Z - 1][0];
  __m256i low = _mm256_packs_epi32(_mm256_cvtps_epi32(v[0][0]), _mm256_cvtps_epi32(b)),
          high = _mm256_packs_epi32(_mm256_cvtps_epi32(c), _mm256_cvtps_epi32(d));
  __m256i q = _mm256_packus_epi16(_mm256_adds_epi16(low, zero), _mm256_adds_epi16(high, zero));
  if (!open) {
    q = _mm256_min_epu8(_mm256_max_epu8(q, _mm256_set1_epi8(static_cast<char>(s.low))), _mm256_set1_epi8(static_cast<char>(s.high)));
    q = _mm256_xor_si256(q, _mm256_set1_epi8(static_cast<char>(s.flip)));
  }
  if constexpr (Z == 2) return _mm256_permute4x64_epi64(q, 0xd8);
  return _mm256_permutevar8x32_epi32(q, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

template <int Z>
MO_STEP2 __m128i packed_row(__m256i q, int row) {
  if constexpr (Z == 2) return row == 0 ? _mm256_castsi256_si128(q) : _mm256_extracti128_si256(q, 1);
  __m128i half = row < 2 ? _mm256_castsi256_si128(q) : _mm256_extracti128_si256(q, 1);
  return row % 2 == 0 ? half : _mm_srli_si128(half, 8);
}

}  // namespace mo::kernels::int8
