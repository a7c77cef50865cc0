// Tables of 256 bytes that a line with rounding and saturation gives, as those of another scale do: computed instead of looked up (AVX2).
#pragma once
#include <cstdint>
#include <optional>

namespace mo::kernels {

// table[x] = saturate_u8(((((x ^ x_flip) << 8) * factor >> 16) + add) >> shift) ^ y_flip, where the sum fits 16 bits with its sign.
struct LookupLine {
  uint8_t x_flip, y_flip;
  uint16_t factor;
  int16_t add;
  int shift;
};
// The line that gives every one of the 256 bytes, if there is one.
std::optional<LookupLine> line_of(const uint8_t* table, uint8_t x_flip, uint8_t y_flip);
void lookup_line(const uint8_t* x, uint8_t* y, int64_t n, const LookupLine& line);

}  // namespace mo::kernels
