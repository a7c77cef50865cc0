// Rows and products of 8-bit panels where 8-bit products are not exact: with AVX2 instructions; only where panel_kind chose them.
#pragma once
#include "kernels/cpu/panels.h"

namespace mo::kernels::words {

inline constexpr int64_t k_section = 512;  // of k, whose products add exactly in 32 bits
inline constexpr int64_t panel_sections(int64_t k) { return (k + k_section - 1) / k_section; }

MultiplyPanels multiply();

// k floats to integers with x = q * scale, 15 bits (fine) or 8, zeros up to `count` (a multiple of 16 that holds k); of every four k the second and third change
// places. sums: of the integers of each section.
void to_words(const float* x, int64_t k, bool fine, int16_t* dst, int64_t count, float* scale, int32_t* sums);

}  // namespace mo::kernels::words
