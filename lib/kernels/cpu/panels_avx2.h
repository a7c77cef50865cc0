// Rows and products of 8-bit panels where 8-bit products are not exact: with AVX2 instructions; only where panel_kind chose them.
#pragma once
#include "kernels/cpu/panels.h"

namespace mo::kernels::words {

inline constexpr int64_t k_section = 512;  // of k, whose products add exactly in 32 bits
inline constexpr int64_t panel_sections(int64_t k) { return (k + k_section - 1) / k_section; }
inline constexpr int64_t panel_sums(int64_t k) { return panel_sections(k) < 2 ? 2 : panel_sections(k); }  // of a row

MultiplyPanels multiply();

// k floats to integers with x = q * scale, 15 bits (fine) or 8, zeros up to `count` (a multiple of 16 that holds k); of every four k the second and third change
// places. sums: of the integers of each section.
void to_words(const float* x, int64_t k, bool fine, int16_t* dst, int64_t count, float* scale, int32_t* sums);

// k floats to 8-bit integers q with x = q * scale, zeros up to `count` (a multiple of 16): magnitudes, then masks, with which the stored weight u becomes
// s = u - 128 where q is positive and -s - 1 where it is negative. So sum s q = sum |q| (u ^ mask) + sum of the magnitudes of the negative ones, and pairs of
// bytes meet exactly. sums: of q, and of those magnitudes.
void to_signs(const float* x, int64_t k, uint8_t* dst, int64_t count, float* scale, int32_t* sums);

// Of one panel of 8-bit weights (depth fours of k, its columns in sixteens) and up to k_few rows of words, x_stride apart: sums[row][k_panel], exact while
// they fit 32 bits.
inline constexpr int64_t k_few = 4;
void sum_panel(const uint8_t* panel, int64_t columns, int64_t depth, const int16_t* x, int64_t x_stride, int64_t rows, int32_t* sums);

// Bytes q to words (q ^ flip) - zero in the order of to_words, zeros up to `count` (a multiple of 16 that holds k); their sum.
int32_t bytes_to_words(const uint8_t* x, int64_t k, uint8_t flip, int32_t zero, int16_t* dst, int64_t count);

}  // namespace mo::kernels::words
