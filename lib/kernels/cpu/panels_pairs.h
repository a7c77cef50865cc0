// Products with panels of 8-bit weights whose bytes pair so that AVX2's 8-bit multiply-add is exact (int8_groups.h): for rows of 8 bits.
#pragma once
#include "kernels/cpu/panels.h"

namespace mo::kernels::pairs {

// Where AVX2 is the widest: weights fit bytes, and their pairs are worth it.
bool suit(const PanelSource& source);

// Behind the panels lies, per column, what the sum begins with, then a list of groups per sixteen of columns.
int64_t bytes_behind(const Panels& p);
void pack(const Panels& p, const PanelSource& source, uint8_t* dst, int threads);

MultiplyPanels multiply();

// k floats to bytes q with x = (q - 128) * scale, 128 up to `count` (a multiple of 16 that holds k).
void to_bytes(const float* x, int64_t k, uint8_t* dst, int64_t count, float* scale);

}  // namespace mo::kernels::pairs
