// 6 x 16 floats in 12 registers of 8, two for the panel, one for the broadcast.
#include "kernels/cpu/float_tiles.h"

#include "kernels/cpu/simd.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace mo::kernels {

#ifdef __x86_64__
namespace {

template <int rows>
MO_AVX2 void tile(const float* a, int64_t a_stride, const float* panel, int64_t depth, const float* start, float* c, int64_t c_stride) {
  __m256 acc[rows][2];
#pragma GCC unroll 6
  for (int r = 0; r < rows; ++r) {
    const float* from = start ? start : c + r * c_stride;
    acc[r][0] = _mm256_loadu_ps(from);
    acc[r][1] = _mm256_loadu_ps(from + 8);
  }
  for (int64_t k = 0; k < depth; ++k, panel += k_float_panel) {
    const __m256 w0 = _mm256_load_ps(panel), w1 = _mm256_load_ps(panel + 8);
#pragma GCC unroll 6
    for (int r = 0; r < rows; ++r) {
      const __m256 x = _mm256_broadcast_ss(a + r * a_stride + k);
      acc[r][0] = _mm256_fmadd_ps(x, w0, acc[r][0]);
      acc[r][1] = _mm256_fmadd_ps(x, w1, acc[r][1]);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < rows; ++r) {
    _mm256_storeu_ps(c + r * c_stride, acc[r][0]);
    _mm256_storeu_ps(c + r * c_stride + 8, acc[r][1]);
  }
}

}  // namespace

void float_tile_avx2(const float* a, int64_t a_stride, const float* panel, int64_t depth, const float* start, float* c, int64_t c_stride,
                     int64_t rows) {
  switch (rows) {
    case 1: return tile<1>(a, a_stride, panel, depth, start, c, c_stride);
    case 2: return tile<2>(a, a_stride, panel, depth, start, c, c_stride);
    case 3: return tile<3>(a, a_stride, panel, depth, start, c, c_stride);
    case 4: return tile<4>(a, a_stride, panel, depth, start, c, c_stride);
    case 5: return tile<5>(a, a_stride, panel, depth, start, c, c_stride);
    default: return tile<6>(a, a_stride, panel, depth, start, c, c_stride);
  }
}

#else
void float_tile_avx2(const float*, int64_t, const float*, int64_t, const float*, float*, int64_t, int64_t) {}  // nobody asks
#endif

}  // namespace mo::kernels
