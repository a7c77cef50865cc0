// Tiles of 8-bit products for AVX2: rows x 16 or 8 columns, the sums of int8_sums_avx2.h and the epilogue in registers.
#include "kernels/cpu/int8_gemm.h"
#ifdef __x86_64__
#include "kernels/cpu/int8_avx2.h"
#include "kernels/cpu/int8_sums_avx2.h"
#endif

namespace mo::kernels::int8 {
#ifdef __x86_64__
namespace {

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

// R rows at a time, until t.count are done.
// The last rows, or those of fewer columns than registers have.
template <int Z, Finish F>
__attribute__((noinline)) MO_AVX2 void store_some(const int32_t* sums, const Tile& t, const Steps& steps, bool open, int count, uint8_t* dst,
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

template <int R, int Z, bool bytes, Finish F>
MO_AVX2 void tile(const Tile& t) {
  Steps steps;
  if constexpr (F != Finish::sums && F != Finish::values) steps = *t.steps;
  const bool open = steps.open();
  const uint8_t* const* rows = t.rows;
  uint8_t* dst = t.dst;
  const uint8_t* res = t.r;
  for (int left = t.count; left > 0; left -= R, rows += R, dst += R * t.dst_stride, res = res ? res + R * t.r_stride : nullptr) {
    __m256i acc[R][Z];
    if constexpr (bytes) sum_bytes<R, Z>(t, rows, acc);
    else sum_words<R, Z>(t, rows, acc);
    const int count = left < R ? left : R;
    if constexpr (F == Finish::sums) {
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r) {
        if (r >= count) break;
#pragma GCC unroll 2
        for (int z = 0; z < Z; ++z) _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + r * t.dst_stride + 32 * z), acc[r][z]);
      }
    } else if constexpr (F == Finish::values) {
      store_values<R, Z>(acc, t, count, dst, res);
    } else if (count == R && t.columns == 8 * Z) {
      store_rows<R, Z, F, true>(acc, t, steps, open, dst, res);
    } else {
      alignas(32) int32_t sums[R][8 * Z];
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
        for (int z = 0; z < Z; ++z) _mm256_store_si256(reinterpret_cast<__m256i*>(&sums[r][8 * z]), acc[r][z]);
      store_some<Z, F>(sums[0], t, steps, open, count, dst, res);
    }
  }
}

template <bool bytes, Finish F>
std::vector<TileChoice> tiles(int64_t width) {
  if (width == 16) return {{6, tile<6, 2, bytes, F>}, {4, tile<4, 2, bytes, F>}, {2, tile<2, 2, bytes, F>}, {1, tile<1, 2, bytes, F>}};
  return {{12, tile<12, 1, bytes, F>}, {4, tile<4, 1, bytes, F>}, {1, tile<1, 1, bytes, F>}};
}

template <bool bytes>
std::vector<TileChoice> tiles(int64_t width, Finish finish) {
  switch (finish) {
    case Finish::sums: return tiles<bytes, Finish::sums>(width);
    case Finish::values: return tiles<bytes, Finish::values>(width);
    case Finish::steps: return tiles<bytes, Finish::steps>(width);
    case Finish::residual: return tiles<bytes, Finish::residual>(width);
    case Finish::inner_residual: return tiles<bytes, Finish::inner_residual>(width);
    case Finish::inner_channel: return tiles<bytes, Finish::inner_channel>(width);
  }
  return {};
}

}  // namespace

std::vector<TileChoice> avx2_tiles(int64_t width, bool bytes, Finish finish) {
  return bytes ? tiles<true>(width, finish) : tiles<false>(width, finish);
}

#else
std::vector<TileChoice> avx2_tiles(int64_t, bool, Finish) { return {}; }  // nobody asks
#endif

}  // namespace mo::kernels::int8
