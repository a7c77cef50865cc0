// Products with 4-bit weights as packed for MatMulNBits: 16 columns side by side, eight weights of a column in 32 bits.
#pragma once
#include <cstdint>

namespace mo::kernels::nbits {

inline constexpr int64_t k_columns = 16;  // of a group
inline constexpr int64_t k_rows = 12;     // at most, of activations met by one pass over the weights

// Group g, eight k from 8 e on, column c: 32 bits at data[(g * depth / 8 + e) * 16 + c]; byte b holds k = 8 e + b (low half) and 8 e + 4 + b (high half).
// Scales and zeros are [group][block][16].
struct Weights {
  const uint32_t* data;
  const float* scales;
  const float* zeros;    // null: 8 everywhere
  int64_t depth, block;  // k padded to whole blocks; weights of one scale
  int64_t blocks() const { return depth / block; }
};

// Activations of up to k_rows rows as 8-bit numbers (fine: as 15-bit ones in two bytes, high and low), one scale for every `step` of k.
struct Activations {
  const int8_t* high;  // [depth / 8][rows][8]
  const int8_t* low;   // the same; null unless fine
  const float* scale;  // [depth / step][rows]
  const float* sum;    // [depth / step][rows]: of the quantized numbers
  int64_t step;
};

// y[r * stride + c] for `rows` rows and the 16 columns of group g. The integers and the order of the floats are the same on every machine.
using Multiply = void (*)(const Weights& w, const Activations& x, int64_t rows, int64_t g, float* y, int64_t stride);
Multiply multiply_vnni(bool fine);  // machines with AVX512-VNNI only; 1, 2, 4, 8 or, not fine, 12 rows
Multiply multiply_avx2(bool fine);  // 1, 2 or 4 rows

// Fills the buffers of Activations from `rows` rows of `depth_given` floats; beyond that up to depth are zeros.
using Quantize = void (*)(const float* x, int64_t x_stride, int64_t rows, int64_t depth_given, int64_t depth, int64_t step, int8_t* high, int8_t* low,
                          float* scale, float* sum);
Quantize quantize_rows();

// dst[k][16] of group g, k in [from, to), multiples of 8: real weights, for machines without vectors of integers.
using Expand = void (*)(const Weights& w, int64_t g, int64_t from, int64_t to, float* dst, int64_t dst_stride);
Expand expand_group();

}  // namespace mo::kernels::nbits
