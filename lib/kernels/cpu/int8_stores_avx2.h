// Sums of an 8-bit AVX2 tile that leave their registers as results: floats, or bytes behind a fused epilogue. Included by kernel files only.
#pragma once
#include "kernels/cpu/int8_avx2.h"
#include "kernels/cpu/int8_gemm.h"

namespace mo::kernels::int8 {

template <int R, int Z>
MO_STEP2 void store_values(const __m256i (&acc)[R][Z], const Tile& t, int count, uint8_t* dst, const uint8_t* res) {
#pragma GCC unroll 2
  for (int z = 0; z < Z; ++z) {
    const __m256 scale = _mm256_loadu_ps(t.scale + 8 * z), add = _mm256_loadu_ps(t.add + 8 * z);
    const bool whole = t.columns >= 8 * z + 8;
    const __m256i live = _mm256_cmpgt_epi32(_mm256_set1_epi32(t.columns - 8 * z), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      if (r >= count) break;
      __m256 v = _mm256_fmadd_ps(_mm256_cvtepi32_ps(acc[r][z]), scale, add);
      float* to = reinterpret_cast<float*>(dst + r * t.dst_stride) + 8 * z;
      if (res) {
        const float* other = reinterpret_cast<const float*>(res + r * t.r_stride) + 8 * z;
        v = _mm256_add_ps(v, whole ? _mm256_loadu_ps(other) : _mm256_maskload_ps(other, live));
      }
      if (whole) _mm256_storeu_ps(to, v);
      else _mm256_maskstore_ps(to, live, v);
    }
  }
}

// All rows; `whole`: and all columns.
template <int R, int Z, Finish F, bool whole>
MO_STEP2 void store_rows(const __m256i (&acc)[R][Z], const Tile& t, const Steps& steps, bool open, uint8_t* dst, const uint8_t* res) {
  constexpr int G = 4 / Z;  // rows that fill a register of bytes
  const int columns = whole ? 8 * Z : t.columns;
#pragma GCC unroll 6
  for (int first = 0; first < R; first += G) {
    __m256 v[G][Z];
#pragma GCC unroll 4
    for (int g = 0; g < G; ++g) {
      const int row = first + g < R ? first + g : R - 1;
#pragma GCC unroll 2
      for (int z = 0; z < Z; ++z)
        v[g][z] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(acc[row][z]), _mm256_loadu_ps(t.scale + 8 * z), _mm256_loadu_ps(t.add + 8 * z));
      if constexpr (F == Finish::inner_residual || F == Finish::inner_channel) round_inside<Z>(v[g], steps);
      if constexpr (F == Finish::inner_channel) {
#pragma GCC unroll 2
        for (int z = 0; z < Z; ++z) v[g][z] = _mm256_fmadd_ps(_mm256_loadu_ps(t.after + 8 * z), _mm256_set1_ps(steps.r_scale), v[g][z]);
      }
      if constexpr (F == Finish::residual || F == Finish::inner_residual) { add_residual<Z>(v[g], res + row * t.r_stride, columns, steps); }
    }
    const __m256i q = pack_steps<Z>(v, steps, open);
#pragma GCC unroll 4
    for (int g = 0; g < G; ++g)
      if (first + g < R) store_bytes<Z>(dst + (first + g) * t.dst_stride, packed_row<Z>(q, g), columns);
  }
}

// The last rows, or those of fewer columns than registers have.
template <int Z, Finish F>
__attribute__((noinline)) MO_AVX2 static void store_some(const int32_t* sums, const Tile& t, const Steps& steps, bool open, int count, uint8_t* dst,
                                                         const uint8_t* res) {
  constexpr int G = 4 / Z;
  for (; count >= G; count -= G, sums += 32, dst += G * t.dst_stride, res = res ? res + G * t.r_stride : nullptr) {
    __m256i acc[G][Z];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) acc[i / Z][i % Z] = _mm256_load_si256(reinterpret_cast<const __m256i*>(sums + 8 * i));
    store_rows<G, Z, F, false>(acc, t, steps, open, dst, res);
  }
  for (int r = 0; r < count; ++r, sums += 8 * Z, dst += t.dst_stride, res = res ? res + t.r_stride : nullptr) {
    __m256i acc[1][Z];
#pragma GCC unroll 2
    for (int z = 0; z < Z; ++z) acc[0][z] = _mm256_load_si256(reinterpret_cast<const __m256i*>(sums + 8 * z));
    store_rows<1, Z, F, false>(acc, t, steps, open, dst, res);
  }
}

}  // namespace mo::kernels::int8
