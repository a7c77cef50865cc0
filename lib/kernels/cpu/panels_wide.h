// Rows and products of bfloat16 and 8-bit panels, with AVX-512 instructions; only where panel_kind chose them.
#pragma once
#include "kernels/cpu/panels.h"

namespace mo::kernels::wide {

MultiplyPanels multiply(PanelKind kind);

// k floats to bfloat16, zeros up to `bytes` (a multiple of 128).
void to_bf16(const float* x, int64_t k, uint8_t* dst, int64_t bytes);
// k floats to integers with x = q * scale, zeros up to `bytes`. Fine: q = 128 high + low, high in the first half of dst (a multiple of 128), low in the
// second; else 8 bits.
void to_bytes(const float* x, int64_t k, bool fine, uint8_t* dst, int64_t bytes, float* scale, int32_t* sums);

}  // namespace mo::kernels::wide
