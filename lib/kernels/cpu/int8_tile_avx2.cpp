// Tiles of 8-bit products for AVX2: 6 rows x 16 columns by pairs of 16-bit products, exact where the 8-bit instruction would saturate.
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <cstring>

#include "kernels/cpu/int8_gemm.h"

namespace mo::kernels::int8 {
#ifdef __x86_64__
namespace {

MO_AVX2 void tile(const Tile& t) {
  constexpr int R = k_avx2_rows;
  __m256i acc[R][2];
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
  const uint8_t* w = static_cast<const uint8_t*>(t.weights);
  const uint8_t* p[R];
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r) p[r] = t.rows[r];
  for (int64_t k = 0; k < 4 * t.depth; k += 4) {
    __m256i b0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)), b1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 32));
    w += 64;
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      int32_t two;
      std::memcpy(&two, p[r] + k, 4);
      __m256i a = _mm256_set1_epi32(two);
      acc[r][0] = _mm256_add_epi32(acc[r][0], _mm256_madd_epi16(a, b0));
      acc[r][1] = _mm256_add_epi32(acc[r][1], _mm256_madd_epi16(a, b1));
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int z = 0; z < 2; ++z) _mm256_storeu_si256(reinterpret_cast<__m256i*>(t.dst + r * t.dst_stride + 32 * z), acc[r][z]);
}

}  // namespace

TileKernel avx2_tile() { return tile; }

#else
TileKernel avx2_tile() { return nullptr; }  // nobody asks
#endif

}  // namespace mo::kernels::int8
