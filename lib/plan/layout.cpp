// Layout facts and the reorder kernel, a blocked transposition of [c, s] matrices.
#include "plan/layout.h"

#include <algorithm>
#include <vector>

#include "base/threads.h"
#include "kernels/cpu/interleave.h"

namespace mo::plan {

bool has_layouts(std::span<const int64_t> shape) { return shape.size() >= 3; }

bool same_in_both_layouts(std::span<const int64_t> shape) {
  if (!has_layouts(shape)) return true;
  return shape[1] == 1 || std::all_of(shape.begin() + 2, shape.end(), [](int64_t d) { return d == 1; });
}

namespace {

// Columns [from, to) of src[rows][cols] become rows of dst[cols][rows].
template <class T>
void transpose(const T* src, T* dst, int64_t rows, int64_t cols, int64_t from, int64_t to) {
  constexpr int64_t k_block = 16;
  for (int64_t r0 = 0; r0 < rows; r0 += k_block) {
    int64_t r1 = std::min(rows, r0 + k_block);
    for (int64_t c0 = from; c0 < to; c0 += k_block) {
      int64_t c1 = std::min(to, c0 + k_block);
      for (int64_t c = c0; c < c1; ++c)
        for (int64_t r = r0; r < r1; ++r) dst[c * rows + r] = src[r * cols + c];
    }
  }
}

// Pictures: two to four channels, one pass over the pixels. GCC vectorises this form at O3 only (2.7 times the speed for three).
template <class T, int k_rows>
__attribute__((optimize("O3"))) void interleave(const T* __restrict src, T* __restrict dst, int64_t cols, int64_t from, int64_t to) {
  for (int64_t c = from; c < to; ++c)
    for (int r = 0; r < k_rows; ++r) dst[c * k_rows + r] = src[r * cols + c];
}

template <class T>
void transpose_any(const T* src, T* dst, int64_t rows, int64_t cols, int64_t from, int64_t to) {
  if constexpr (sizeof(T) == 1)
    if (rows == 3) return kernels::interleave3(src + from, src + cols + from, src + 2 * cols + from, dst + 3 * from, to - from);
  if (rows == 2) return interleave<T, 2>(src, dst, cols, from, to);
  if (rows == 3) return interleave<T, 3>(src, dst, cols, from, to);
  if (rows == 4) return interleave<T, 4>(src, dst, cols, from, to);
  transpose(src, dst, rows, cols, from, to);
}

template <class T>
void transpose_batch(const void* src, void* dst, int64_t n, int64_t rows, int64_t cols, int threads) {
  constexpr int64_t k_grain = 1 << 16;  // elements worth a thread
  for (int64_t i = 0; i < n; ++i) {
    const T* from = static_cast<const T*>(src) + i * rows * cols;
    T* to = static_cast<T*>(dst) + i * rows * cols;
    parallel_for(0, cols, k_grain / rows + 1, threads, [&](int64_t begin, int64_t end) { transpose_any(from, to, rows, cols, begin, end); });
  }
}

struct Wide {
  char bytes[16];
};

}  // namespace

void reorder(const void* src, void* dst, std::span<const int64_t> shape, int bits, bool to_channels_last, int threads) {
  int64_t n = shape[0], c = shape[1], s = 1;
  for (size_t i = 2; i < shape.size(); ++i) s *= shape[i];
  if (n == 0 || c == 0 || s == 0) return;
  int64_t rows = to_channels_last ? c : s, cols = to_channels_last ? s : c;
  switch (bits) {
    case 8: return transpose_batch<uint8_t>(src, dst, n, rows, cols, threads);
    case 16: return transpose_batch<uint16_t>(src, dst, n, rows, cols, threads);
    case 32: return transpose_batch<uint32_t>(src, dst, n, rows, cols, threads);
    case 64: return transpose_batch<uint64_t>(src, dst, n, rows, cols, threads);
    case 128: return transpose_batch<Wide>(src, dst, n, rows, cols, threads);
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
