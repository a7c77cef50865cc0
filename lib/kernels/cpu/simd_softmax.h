// Softmax of one contiguous row, for the operator and for attention.
#pragma once
#include <cstdint>

namespace mo::kernels {

// y = softmax(x * scale + mask) over n; mask may be null; x and y may be the same memory.
using SoftmaxRow = void (*)(const float* x, const float* mask, float* y, int64_t n, float scale);
SoftmaxRow softmax_row();

}  // namespace mo::kernels
