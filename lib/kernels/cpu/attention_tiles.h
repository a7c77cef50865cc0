// The inner loops of attention: small dense products, packing of transposed keys, softmax rows without their final division.
#pragma once
#include <cstdint>

namespace mo::kernels {

inline constexpr int64_t k_key_tile = 64;

// c[rows][width] (+)= a[rows][k] b[k][width]; width is a multiple of 16, every row of b and c is contiguous.
using TileProduct = void (*)(const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* c, int64_t c_stride, int64_t rows, int64_t k,
                             int64_t width, bool accumulate);
TileProduct tile_product();

// dst[d][64] = src of `keys` <= 64 keys of `width` elements, transposed; zero beyond `keys`.
using PackKeys = void (*)(const float* src, int64_t key_stride, int64_t width_stride, float* dst, int64_t keys, int64_t width);
PackKeys pack_keys();

// s = exp(x - max x) with x = s + mask (mask may be null) for the first n, for `padded` - n more that are -infinity 0; returns the sum, 0 when all x are
// -infinity and `zero_empty` (s becomes 0 then).
using SoftmaxParts = float (*)(float* s, const float* mask, int64_t n, int64_t padded, bool zero_empty);
SoftmaxParts softmax_parts();

// s = keep ? s : fill, where keep is mask != 0 (or == 0 unless `keeps`).
using MaskRow = void (*)(float* s, const uint8_t* mask, int64_t n, bool keeps, float fill);
MaskRow mask_row();

// y = x * factor
using ScaleRow = void (*)(const float* x, float* y, int64_t n, float factor);
ScaleRow scale_row();

// s = cap * tanh(s / cap)
using CapRow = void (*)(float* s, int64_t n, float cap);
CapRow cap_row();

}  // namespace mo::kernels
