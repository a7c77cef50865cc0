// Depthwise convolution of 8-bit channels-last data: what the kernels of a block of channels are given.
#pragma once
#include "kernels/cpu/int8_gemm.h"

namespace mo::kernels::int8 {

// At most 64 channels. A block of at most 32 (16) channels holds 2 (4) output rows or pixels at once beside each other in one register.
struct Block {
  int64_t first, count;
  int side_by_side;  // 1, 2, 4
  // in register order (column_of with 4 registers; side_by_side copies), 64 each
  std::vector<int8_t> weights;  // [group of 4 taps][64][4]
  std::vector<int32_t> start;
  std::vector<float> scale, add;
};

// AVX2: 16 channels after one another in the order of column_of (two registers of 8), the last block beginning earlier where it would be cut short.
struct RowPairs {
  int64_t blocks = 0, at_once = 0, ring = 0;  // output pixels summed at once; pairs of rows that a window meets
  bool finishes = false;                      // the whole epilogue in registers
  int64_t live = 0, width = 0;                // columns of the input that are read, of the padded rows
  std::vector<int16_t> weights;               // [block][whether the window begins with the second row of a pair][half][pair][column][8][2]
  std::vector<int32_t> start;
  std::vector<float> scale, add;
  int64_t sums_at = 0, scratch_bytes = 0;
};

struct Depthwise {
  int64_t n, h, w, c, oh, ow, kh, kw, sh, sw, dh, dw, top, left;
  Side x;
  Epilogue epilogue;
  int64_t taps;  // with repeats where a weight needs more than 8 bits
  bool vnni = false, sliding = false;
  std::vector<Block> blocks;
  std::vector<int16_t> weights;  // plain kernel: [tap][c]; `pairs`: as pair_taps has them
  bool pairs = false;
  RowPairs rows;
  bool by_rows = false;
  std::vector<int32_t> start;    // plain kernel: what the zero point of x takes away
  std::vector<int64_t> offsets;  // of each tap from a window's first
  std::vector<uint8_t> border;   // c zeros
};

// Output row y of image n and those after it, as many as lie side by side; rows beyond `rows_left` are computed and not stored.
void depthwise_slide(const Depthwise& d, const Block& b, const uint8_t* image, uint8_t* dst, int64_t y, int64_t rows_left);
// Output pixels of one row by pointers to their taps.
void depthwise_taps(const Depthwise& d, const Block& b, const uint8_t* const* pointers, int64_t pointer_stride, uint8_t* dst, int64_t pixels);

// AVX2: output rows from .. to of all images, where rows of a window follow one another. Reads d.weights as the plain kernel has them.
void plan_rows(Depthwise& d);
void run_row_pairs(const Depthwise& d, const Args& a, int64_t from, int64_t to, void* scratch);

// AVX2 with rows apart, at least 16 channels: all sums of one output pixel, from plain weights in the order of pair_taps.
std::vector<int16_t> pair_taps(const std::vector<int16_t>& weights, int64_t taps, int64_t channels);
void depthwise_pairs(const uint8_t* const* pointers, int64_t taps, int64_t channels, const int16_t* weights, uint8_t flip, int32_t* sums);

}  // namespace mo::kernels::int8
