// The inner loop of float products on AVX2: up to 6 rows times a panel of 16 packed columns, sums in registers.
#pragma once
#include <cstdint>

namespace mo::kernels {

inline constexpr int64_t k_float_rows = 6, k_float_panel = 16;

// c[r][0, 16) = start + a[r][0, depth) panel[depth][16] for `rows` <= 6 rows; a null `start` adds to what c holds.
void float_tile_avx2(const float* a, int64_t a_stride, const float* panel, int64_t depth, const float* start, float* c, int64_t c_stride,
                     int64_t rows);

}  // namespace mo::kernels
