// Register steps of the 8-bit AVX-512 kernels: the fused epilogue of 64, 32 or 16 columns. Included by kernel files only.
#pragma once
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 takes the undefined operand of its own intrinsics for a fault
#include <immintrin.h>

#include "kernels/cpu/int8_epilogue.h"

#define MO_STEP __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd"), always_inline)) static inline

namespace mo::kernels::int8 {

// Registers hold columns in the order (column_of in int8_gemm.h) that unpacking bytes to 32 bits lane by lane gives: element 4 L + i of register z of Z is column 4 (Z L + z) + i.
template <int Z>
MO_STEP void add_residual(__m512 (&v)[Z], const uint8_t* r, uint64_t live, const Steps& s) {
  const __m512 scale = _mm512_set1_ps(s.r_scale);
  const __m512i zero = _mm512_set1_epi32(s.r.zero), none = _mm512_setzero_si512();
  __m512i q[Z];
  if constexpr (Z == 4) {
    __m512i b = _mm512_xor_si512(_mm512_maskz_loadu_epi8(live, r), _mm512_set1_epi8(static_cast<char>(s.r.flip)));
    __m512i low = _mm512_unpacklo_epi8(b, none), high = _mm512_unpackhi_epi8(b, none);
    q[0] = _mm512_unpacklo_epi16(low, none);
    q[1] = _mm512_unpackhi_epi16(low, none);
    q[2] = _mm512_unpacklo_epi16(high, none);
    q[3] = _mm512_unpackhi_epi16(high, none);
  } else if constexpr (Z == 2) {
    __m256i b = _mm256_xor_si256(_mm256_maskz_loadu_epi8(static_cast<uint32_t>(live), r), _mm256_set1_epi8(static_cast<char>(s.r.flip)));
    __m512i w = _mm512_cvtepu8_epi16(b);
    q[0] = _mm512_unpacklo_epi16(w, none);
    q[1] = _mm512_unpackhi_epi16(w, none);
  } else {
    __m128i b = _mm_xor_si128(_mm_maskz_loadu_epi8(static_cast<uint16_t>(live), r), _mm_set1_epi8(static_cast<char>(s.r.flip)));
    q[0] = _mm512_cvtepu8_epi32(b);
  }
#pragma GCC unroll 4
  for (int z = 0; z < Z; ++z) v[z] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(q[z], zero)), scale, v[z]);
}

// Rounds, adds the zero point, saturates and clamps 64 values; bytes come out in their natural order.
MO_STEP __m512i pack_steps(const __m512 (&v)[4], const Steps& s) {
  const __m512i zero = _mm512_set1_epi16(static_cast<int16_t>(s.zero));
  __m512i a = _mm512_packs_epi32(_mm512_cvtps_epi32(v[0]), _mm512_cvtps_epi32(v[1])),
          b = _mm512_packs_epi32(_mm512_cvtps_epi32(v[2]), _mm512_cvtps_epi32(v[3]));
  __m512i q = _mm512_packus_epi16(_mm512_adds_epi16(a, zero), _mm512_adds_epi16(b, zero));
  if (s.open()) return q;
  q = _mm512_min_epu8(_mm512_max_epu8(q, _mm512_set1_epi8(static_cast<char>(s.low))), _mm512_set1_epi8(static_cast<char>(s.high)));
  return _mm512_xor_si512(q, _mm512_set1_epi8(static_cast<char>(s.flip)));
}

// The same for 64, 32 or 16 columns, of which `columns` are stored.
template <int Z>
MO_STEP void store_steps(const __m512 (&v)[Z], uint8_t* dst, int columns, uint64_t live, const Steps& s) {
  const __m512i zero = _mm512_set1_epi16(static_cast<int16_t>(s.zero));
  if constexpr (Z == 4) {
    __m512i q = pack_steps(v, s);
    if (columns == 64) _mm512_storeu_si512(dst, q);
    else _mm512_mask_storeu_epi8(dst, live, q);
  } else if constexpr (Z == 2) {
    __m512i a = _mm512_adds_epi16(_mm512_packs_epi32(_mm512_cvtps_epi32(v[0]), _mm512_cvtps_epi32(v[1])), zero);
    __m256i q = _mm512_cvtusepi16_epi8(_mm512_max_epi16(a, _mm512_setzero_si512()));
    q = _mm256_min_epu8(_mm256_max_epu8(q, _mm256_set1_epi8(static_cast<char>(s.low))), _mm256_set1_epi8(static_cast<char>(s.high)));
    q = _mm256_xor_si256(q, _mm256_set1_epi8(static_cast<char>(s.flip)));
    if (columns == 32) _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), q);
    else _mm256_mask_storeu_epi8(dst, static_cast<uint32_t>(live), q);
  } else {
    __m256i a = _mm256_adds_epi16(_mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(v[0])), _mm512_castsi512_si256(zero));
    __m128i q = _mm256_cvtusepi16_epi8(_mm256_max_epi16(a, _mm256_setzero_si256()));
    q = _mm_min_epu8(_mm_max_epu8(q, _mm_set1_epi8(static_cast<char>(s.low))), _mm_set1_epi8(static_cast<char>(s.high)));
    q = _mm_xor_si128(q, _mm_set1_epi8(static_cast<char>(s.flip)));
    if (columns == 16) _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), q);
    else _mm_mask_storeu_epi8(dst, static_cast<uint16_t>(live), q);
  }
}

// Packed bytes of 4 rows of 16 columns (2 of 32) to rows after one another.
template <int Z>
MO_STEP __m512i in_rows(__m512i q) {
  if constexpr (Z == 1) return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), q);
  return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), q);
}

template <int Z>
MO_STEP void store_row(uint8_t* dst, __m512i q, int row, int columns, uint64_t live) {
  if constexpr (Z == 2) {
    __m256i b = row == 0 ? _mm512_castsi512_si256(q) : _mm512_extracti64x4_epi64(q, 1);
    if (columns == 32) _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), b);
    else if (columns == 24) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), _mm256_castsi256_si128(b));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(dst + 16), _mm256_extracti128_si256(b, 1));
    } else _mm256_mask_storeu_epi8(dst, static_cast<uint32_t>(live), b);
  } else {
    __m128i b = row == 0   ? _mm512_castsi512_si128(q)
                : row == 1 ? _mm512_extracti32x4_epi32(q, 1)
                : row == 2 ? _mm512_extracti32x4_epi32(q, 2)
                           : _mm512_extracti32x4_epi32(q, 3);
    if (columns == 16) _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), b);
    else if (columns == 8) _mm_storel_epi64(reinterpret_cast<__m128i*>(dst), b);
    else _mm_mask_storeu_epi8(dst, static_cast<uint16_t>(live), b);
  }
}

}  // namespace mo::kernels::int8
