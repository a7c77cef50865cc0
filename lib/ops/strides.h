// Strides of row-major and broadcast tensors, in elements.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace mo::ops {

inline std::vector<int64_t> row_major_strides(std::span<const int64_t> shape) {
  std::vector<int64_t> s(shape.size(), 1);
  for (size_t a = shape.size(); a-- > 1;) s[a - 1] = s[a] * shape[a];
  return s;
}

// Strides that read a tensor of shape `own` as if it had been broadcast to `rank` axes: 0 along repeated ones.
inline std::vector<int64_t> broadcast_strides(std::span<const int64_t> own, size_t rank) {
  std::vector<int64_t> s(rank, 0);
  int64_t step = 1;
  for (size_t i = 0; i < own.size() && i < rank; ++i) {
    int64_t d = own[own.size() - 1 - i];
    if (d != 1) s[rank - 1 - i] = step;
    step *= d;
  }
  return s;
}

}  // namespace mo::ops
