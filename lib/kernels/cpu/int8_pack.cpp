// Packing of 8-bit weights: any columns word by word, neighbouring ones of rows that lie one after the other by transposing registers.
#include "kernels/cpu/int8_pack.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/simd.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace mo::kernels::int8 {
namespace {

void pack_four(const int64_t* offset, int64_t count, uint8_t flip, std::vector<Column>& columns, char* to) {
  constexpr uint32_t k_ones = 0x01010101, k_high = 0x80808080;
  const bool together = count == 4 && offset[3] == offset[0] + 3 && offset[2] == offset[0] + 2 && offset[1] == offset[0] + 1;
  for (Column& c : columns) {
    uint32_t four = 0;
    if (together) std::memcpy(&four, c.from + offset[0], 4);
    else
      for (int64_t i = 0; i < count; ++i) four |= static_cast<uint32_t>(c.from[offset[i]]) << 8 * i;
    four ^= flip * k_ones;
    // byte by byte, without borrows from one to the next
    const uint32_t less = static_cast<uint8_t>(c.less) * k_ones;
    four = ((four | k_high) - (less & ~k_high)) ^ ((four ^ ~less) & k_high);
    if (count < 4) four &= (1u << 8 * count) - 1;
    std::memcpy(to + 4 * c.position, &four, 4);
    for (int i = 0; i < 4; ++i) c.sum += static_cast<uint32_t>(static_cast<int32_t>(static_cast<int8_t>(four >> 8 * i)));
  }
}

// 16 columns that lie side by side and subtract the same.
bool side_by_side(const std::vector<Column>& columns) {
  if (columns.size() != 16) return false;
  const auto first = std::min_element(columns.begin(), columns.end(), [](const Column& a, const Column& b) { return a.from < b.from; })->from;
  uint32_t seen = 0;
  for (const Column& c : columns) {
    if (c.less != columns[0].less || c.from - first >= 16) return false;
    seen |= 1u << (c.from - first);
  }
  return seen == 0xffff;
}

#ifdef __x86_64__
MO_AVX2 int64_t pack_side_by_side(const int64_t* offset, int64_t length, uint8_t flip, std::vector<Column>& columns, int64_t width, char* to) {
  const uint8_t* first = columns[0].from;
  for (const Column& c : columns) first = std::min(first, c.from);
  int64_t position[16];
  for (const Column& c : columns) position[c.from - first] = 4 * c.position;
  const __m128i flips = _mm_set1_epi8(static_cast<char>(flip)), less = _mm_set1_epi8(static_cast<char>(columns[0].less)), ones = _mm_set1_epi8(1),
                words = _mm_set1_epi16(1);
  __m128i sums[4] = {};
  int64_t k = 0;
  for (; k + 4 <= length; k += 4, to += 4 * width) {
    __m128i row[4];
    for (int i = 0; i < 4; ++i)
      row[i] = _mm_sub_epi8(_mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(first + offset[k + i])), flips), less);
    const __m128i a = _mm_unpacklo_epi8(row[0], row[1]), b = _mm_unpackhi_epi8(row[0], row[1]), c = _mm_unpacklo_epi8(row[2], row[3]),
                  d = _mm_unpackhi_epi8(row[2], row[3]);
    const __m128i fours[4] = {_mm_unpacklo_epi16(a, c), _mm_unpackhi_epi16(a, c), _mm_unpacklo_epi16(b, d), _mm_unpackhi_epi16(b, d)};
    alignas(16) uint32_t of[16];
    for (int i = 0; i < 4; ++i) {
      _mm_store_si128(reinterpret_cast<__m128i*>(of + 4 * i), fours[i]);
      sums[i] = _mm_add_epi32(sums[i], _mm_madd_epi16(_mm_maddubs_epi16(ones, fours[i]), words));
    }
    for (int i = 0; i < 16; ++i) std::memcpy(to + position[i], of + i, 4);
  }
  alignas(16) uint32_t total[16];
  for (int i = 0; i < 4; ++i) _mm_store_si128(reinterpret_cast<__m128i*>(total + 4 * i), sums[i]);
  for (Column& c : columns) c.sum += total[c.from - first];
  return k;
}
#endif

}  // namespace

void pack_fours(const int64_t* offset, int64_t length, uint8_t flip, std::vector<Column>& columns, int64_t width, char* to) {
  int64_t k = 0;
#ifdef __x86_64__
  if (isa() >= Isa::avx2 && side_by_side(columns)) k = pack_side_by_side(offset, length, flip, columns, width, to);
#endif
  for (; k < length; k += 4) pack_four(offset + k, std::min<int64_t>(4, length - k), flip, columns, to + k * width);
}

}  // namespace mo::kernels::int8
