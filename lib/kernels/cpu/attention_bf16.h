// The inner loops of attention on bfloat16, two of which lie in each 32-bit element: the lower half holds the even one.
#pragma once
#include <cstdint>
#include <optional>

namespace mo::kernels {

struct PairTiles {
  // c[rows][width] (+)= a[rows][2 pairs] b[2 pairs][width]; width is a multiple of 16, every row of b and c is contiguous.
  void (*product)(const uint32_t* a, int64_t a_stride, const uint32_t* b, int64_t b_stride, float* c, int64_t c_stride, int64_t rows, int64_t pairs,
                  int64_t width, bool accumulate);
  // dst[i] = the pair (even[i], odd[i]); zeros where odd is null.
  void (*join)(const float* even, const float* odd, uint32_t* dst, int64_t n);
  // n numbers times factor as (n + 1) / 2 pairs, the last one filled with zero; dst may be src.
  void (*narrow)(const float* src, float factor, uint32_t* dst, int64_t n);
};
std::optional<PairTiles> pair_tiles();  // nothing where the processor does not multiply them

}  // namespace mo::kernels
