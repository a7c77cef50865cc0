// Winograd's F(2x2, 3x3) in whole numbers: the vector parts around the products. A 4 x 4 patch of the input gives 2 x 2 outputs by 16 products instead of 36;
// weights are transformed with twice the usual matrix, so that nothing is rounded and sums come out four times as large.
#pragma once
#include "kernels/cpu/int8_gemm.h"

namespace mo::kernels::int8 {

// p: the patch's 16 pixels, `channels` (a multiple of 16) bytes each. v[i * stride]: number i of the 16 of each channel.
void winograd_input(const uint8_t* const* p, int64_t channels, const Side& side, int16_t* v, int64_t stride);

// The 16 numbers of two channels' windows, 16 columns beside each other. w: row 9 * channel + i of 16 bytes is weight i; zero: 16 numbers to subtract; number i
// goes to to[i * stride], columns in the order of column_of(2, ...), both channels of each together.
void winograd_weights(const uint8_t* w, bool is_signed, const int16_t* zero, int16_t* to, int64_t stride);

// Where the outputs of a patch go.
struct WinogradPlace {
  uint8_t* dst;
  const uint8_t* r;
  int64_t dst_row, r_row;  // bytes to the outputs below
  int width, height;       // how many there are, at most 2 x 2
};
// m[i * stride]: 16 columns of product i. `t`: start, scale, add, after, columns, steps, dst_stride and r_stride (from one output to the next).
using WinogradOutput = void (*)(const Tile& t, const int32_t* m, int64_t stride, const WinogradPlace& place);
WinogradOutput winograd_output(Finish finish);

}  // namespace mo::kernels::int8
