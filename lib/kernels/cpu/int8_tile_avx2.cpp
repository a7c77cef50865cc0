// Tiles of 8-bit products for AVX2: rows x 16 or 8 columns, the sums of int8_sums_avx2.h and the epilogue in registers.
#include "kernels/cpu/int8_gemm.h"
#ifdef __x86_64__
#include "kernels/cpu/int8_stores_avx2.h"
#include "kernels/cpu/int8_sums_avx2.h"
#endif

namespace mo::kernels::int8 {
#ifdef __x86_64__
namespace {

// R rows at a time, until t.count are done.
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
