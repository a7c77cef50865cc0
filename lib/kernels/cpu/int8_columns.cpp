// Columns of 8-bit weights brought beside each other.
#include "kernels/cpu/int8_columns.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/simd.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace mo::kernels::int8 {
namespace {

constexpr int64_t k_columns = 16, k_sparse = 2;  // bytes of a column for each that is wanted, beyond which they are read one by one

#ifdef __x86_64__
// 16 columns, 16 bytes of each.
MO_AVX2 void transpose_block(const uint8_t* src, int64_t stride, uint8_t* dst) {
  __m128i a[16], b[16];
  for (int i = 0; i < 16; ++i) a[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i * stride));
  // each round interleaves column i with column i + 8; after four, register k has byte k of all
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 8; ++i) {
      b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
      b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
    }
    for (int i = 0; i < 16; ++i) a[i] = b[i];
  }
  for (int i = 0; i < 16; ++i) _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + 16 * i), a[i]);
}
#endif

}  // namespace

void transpose_columns(const uint8_t* src, int64_t stride, int64_t span, int64_t count, uint8_t* dst) {
  int64_t done = 0;
#ifdef __x86_64__
  if (count == k_columns && isa() >= Isa::avx2)
    for (; done + 16 <= span; done += 16) transpose_block(src + done, stride, dst + 16 * done);
#endif
  for (int64_t i = done; i < span; ++i)
    for (int64_t c = 0; c < k_columns; ++c) dst[16 * i + c] = c < count ? src[c * stride + i] : 0;
}

ColumnReader::ColumnReader(const WeightView& view) : view_(view) {
  const auto [low, high] = std::minmax_element(view.offset.begin(), view.offset.end());
  low_ = *low;
  span_ = *high - low_ + 1;
}

ColumnRows ColumnReader::read(int64_t first, int64_t count, std::vector<uint8_t>& memory) const {
  const uint8_t* data = static_cast<const uint8_t*>(view_.tensor->raw()) + (view_.first + first) * view_.n_stride;
  const auto total = static_cast<int64_t>(view_.offset.size());
  if (view_.n_stride == 1 && count == k_columns) return {data, view_.offset.data(), 0, 1};
  if (span_ <= k_sparse * total) {
    memory.resize(static_cast<size_t>(k_columns * span_));
    transpose_columns(data + low_, view_.n_stride, span_, count, memory.data());
    return {memory.data(), view_.offset.data(), low_, k_columns};
  }
  memory.assign(static_cast<size_t>(k_columns * total), 0);
  for (int64_t k = 0; k < total; ++k)
    for (int64_t c = 0; c < count; ++c)
      memory[static_cast<size_t>(k_columns * k + c)] = data[c * view_.n_stride + view_.offset[static_cast<size_t>(k)]];
  return {memory.data(), nullptr, 0, k_columns};
}

}  // namespace mo::kernels::int8
