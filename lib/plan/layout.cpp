// Layout facts and the reorder kernel, a blocked transposition of [c, s] matrices.
#include "plan/layout.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace mo::plan {

bool has_layouts(std::span<const int64_t> shape) { return shape.size() >= 3; }

bool same_in_both_layouts(std::span<const int64_t> shape) {
  if (!has_layouts(shape)) return true;
  return shape[1] == 1 || std::all_of(shape.begin() + 2, shape.end(), [](int64_t d) { return d == 1; });
}

namespace {

template <class T>
void transpose(const T* src, T* dst, int64_t rows, int64_t cols) {  // dst[cols][rows]
  constexpr int64_t k_block = 16;
  for (int64_t r0 = 0; r0 < rows; r0 += k_block) {
    int64_t r1 = std::min(rows, r0 + k_block);
    for (int64_t c0 = 0; c0 < cols; c0 += k_block) {
      int64_t c1 = std::min(cols, c0 + k_block);
      for (int64_t c = c0; c < c1; ++c)
        for (int64_t r = r0; r < r1; ++r) dst[c * rows + r] = src[r * cols + c];
    }
  }
}

template <class T>
void transpose_batch(const void* src, void* dst, int64_t n, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < n; ++i) transpose(static_cast<const T*>(src) + i * rows * cols, static_cast<T*>(dst) + i * rows * cols, rows, cols);
}

struct Wide {
  char bytes[16];
};

}  // namespace

void reorder(const void* src, void* dst, std::span<const int64_t> shape, int bits, bool to_channels_last, int) {
  int64_t n = shape[0], c = shape[1], s = 1;
  for (size_t i = 2; i < shape.size(); ++i) s *= shape[i];
  int64_t rows = to_channels_last ? c : s, cols = to_channels_last ? s : c;
  switch (bits) {
    case 8: return transpose_batch<uint8_t>(src, dst, n, rows, cols);
    case 16: return transpose_batch<uint16_t>(src, dst, n, rows, cols);
    case 32: return transpose_batch<uint32_t>(src, dst, n, rows, cols);
    case 64: return transpose_batch<uint64_t>(src, dst, n, rows, cols);
    case 128: return transpose_batch<Wide>(src, dst, n, rows, cols);
    default: fail(Code::internal, "no reorder for elements of ", bits, " bits");
  }
}

Move classify_transpose(std::span<const int64_t> perm, std::span<const int64_t> shape) {
  if (perm.size() != shape.size()) return Move::real;
  int64_t rank = static_cast<int64_t>(perm.size()), last = -1;
  bool ordered = true;  // axes longer than one stay in order
  for (int64_t axis : perm) {
    if (axis < 0 || axis >= rank) return Move::real;
    if (shape[static_cast<size_t>(axis)] == 1) continue;
    ordered &= axis > last;
    last = axis;
  }
  if (ordered) return Move::nothing;
  if (rank < 3 || perm[0] != 0) return Move::real;
  bool to_last = perm[static_cast<size_t>(rank - 1)] == 1, from_last = perm[1] == rank - 1;
  for (int64_t i = 1; i + 1 < rank; ++i) to_last &= perm[static_cast<size_t>(i)] == i + 1;
  for (int64_t i = 2; i < rank; ++i) from_last &= perm[static_cast<size_t>(i)] == i - 1;
  return to_last ? Move::channels_last_to_plain : from_last ? Move::plain_to_channels_last : Move::real;
}

}  // namespace mo::plan
