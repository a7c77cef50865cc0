// Packing of 8-bit weights: any columns four k at a time, neighbouring ones of rows that lie one after the other by transposing registers.
#include "kernels/cpu/int8_pack.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/cpu/simd.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace mo::kernels::int8 {
namespace {

// The middle of the stored range; weights around it need no look at their range.
int32_t middle(DType dtype) { return dtype == DType::u8 ? 128 : 0; }

// Every weight less its zero point is an 8-bit number.
bool fit_bytes(const WeightView& v, std::span<const int32_t> w_zero, int64_t columns) {
  const bool is_signed = v.tensor->dtype() == DType::i8;
  const auto* data = static_cast<const uint8_t*>(v.tensor->raw());
  for (int64_t n = 0; n < columns; ++n) {
    const int32_t zero = w_zero[w_zero.size() == 1 ? 0 : static_cast<size_t>(n)];
    if (zero == middle(v.tensor->dtype())) continue;
    const uint8_t* from = data + (v.first + n) * v.n_stride;
    for (int64_t at : v.offset) {
      const int32_t d = (is_signed ? static_cast<int8_t>(from[at]) : from[at]) - zero;
      if (d < -128 || d > 127) return false;
    }
  }
  return true;
}

// What each of 16 columns has subtracted, modulo 256.
std::array<uint8_t, 16> zeros_of(std::span<const int32_t> w_zero, int64_t first, int64_t count) {
  std::array<uint8_t, 16> zero{};
  for (int64_t n = 0; n < count; ++n)
    zero[static_cast<size_t>(n)] = static_cast<uint8_t>(w_zero[w_zero.size() == 1 ? 0 : static_cast<size_t>(first + n)]);
  return zero;
}

// Rows of bytes take less time: what some windows of a few panels of 16 columns say.
bool worth_bytes(const WeightView& v, std::span<const int32_t> w_zero, int64_t columns) {
  constexpr int64_t k_panels = 4, k_windows = 16;
  const int64_t panels = (columns + 15) / 16, tried = std::min(panels, k_panels), within = std::max<int64_t>(1, v.length / k_window),
                windows = std::min(v.segments * within, k_windows);
  const GroupsOf of{windows, std::min(v.length, k_window), 16};
  WeightView some = v;
  some.offset.clear();
  for (int64_t i = 0; i < windows; ++i) {
    const int64_t window = v.segments * within * i / windows, from = window / within * v.length + window % within * k_window;
    some.offset.insert(some.offset.end(), v.offset.begin() + from, v.offset.begin() + from + of.length);
  }
  std::vector<uint8_t> panel(static_cast<size_t>(of.groups() * 64)), memory;
  std::vector<int32_t> list(static_cast<size_t>(of.list()));
  int32_t count[Groups::k_kinds] = {}, sums[16];
  for (int64_t i = 0; i < tried; ++i) {
    const int64_t first = panels * i / tried * 16, live = std::min<int64_t>(16, columns - first);
    const ColumnRows rows = ColumnReader(some).read(first, live, memory);
    pack_groups(of, rows, zeros_of(w_zero, first, live).data(), false, panel.data(), list.data(), sums);
    for (int kind = 0; kind < Groups::k_kinds; ++kind) count[kind] += list[static_cast<size_t>(kind)];
  }
  return groups_pay(count, tried * windows * ((of.length + 1) / 2));
}

// One column of a panel while it is packed.
struct Column {
  const uint8_t* from;  // its weights, at WeightView::offset
  int32_t less;         // subtracted from each as an unsigned number
  int64_t position, at;
  uint32_t sum = 0;
};

// Four k (or the last `count`) of all columns, bytes less what each column subtracts; all differences fit 8 bits.
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

#ifdef __x86_64__
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

// k = offset[0, length) of all columns, zeros behind the last one.
void pack_fours(const int64_t* offset, int64_t length, uint8_t flip, std::vector<Column>& columns, int64_t width, char* to) {
  int64_t k = 0;
#ifdef __x86_64__
  if (isa() >= Isa::avx2 && side_by_side(columns)) k = pack_side_by_side(offset, length, flip, columns, width, to);
#endif
  for (; k < length; k += 4) pack_four(offset + k, std::min<int64_t>(4, length - k), flip, columns, to + k * width);
}

}  // namespace

int64_t column_at(const Gemm& g, const Lane& lane, int64_t at) {
  if (!g.fused || lane.width < 16) return at;
  return g.isa >= Isa::avx512 ? column_of(lane.registers, at / 16, at % 16) : column_of(2, at / 8, at % 8);
}

bool takes_bytes(const WeightView& view, std::span<const int32_t> w_zero, int64_t columns) {
  return isa() == Isa::avx2 && view.tensor && fit_bytes(view, w_zero, columns) && worth_bytes(view, w_zero, columns);
}

void pack_lane(const Gemm& g, const Lane& lane, const WeightView& v, std::span<const int32_t> w_zero, Blob& blob) {
  const int64_t length = g.length, total = g.segments * length, width = lane.width;
  const bool is_signed = v.tensor->dtype() == DType::i8;
  const uint8_t flip = is_signed ? 0x80 : 0;
  const int32_t bias = is_signed ? 128 : 0;
  std::vector<Column> columns;
  for (int64_t position = 0; position < width; ++position) {
    const int64_t n = column_at(g, lane, position), at = lane.at + position;
    if (n >= lane.count) continue;
    Column c{static_cast<const uint8_t*>(v.tensor->raw()) + (v.first + lane.first + n) * v.n_stride, 0, position, at};
    const int32_t zero = w_zero[w_zero.size() == 1 ? 0 : static_cast<size_t>(lane.first + n)];
    int32_t shift = zero;  // what is subtracted from each stored weight
    if (!g.wide() && zero != middle(v.tensor->dtype())) {
      int32_t low = 0, high = 0;
      for (int64_t i = 0; i < total; ++i) {
        const int32_t d = static_cast<uint8_t>(c.from[v.offset[static_cast<size_t>(i)]] ^ flip) - bias - zero;
        low = std::min(low, d);
        high = std::max(high, d);
      }
      if (low < -128 || high > 127) shift = middle(v.tensor->dtype());
      blob.zeros()[at] = zero - shift;
    }
    c.less = shift + bias;
    columns.push_back(c);
  }
  char* panel = blob.data + lane.weights;
  if (g.wide()) {
    for (int64_t s = 0; s < g.segments; ++s)
      for (int64_t j = 0; j < length; ++j) {
        const int64_t from = v.offset[static_cast<size_t>(s * length + j)];
        auto* to = reinterpret_cast<int16_t*>(panel) + (s * g.depth + j / 2) * width * 2 + j % 2;
        for (Column& c : columns) to[2 * c.position] = static_cast<int16_t>(static_cast<uint8_t>(c.from[from] ^ flip) - c.less);
      }
  } else {
    for (int64_t s = 0; s < g.segments; ++s) pack_fours(v.offset.data() + s * length, length, flip, columns, width, panel + s * g.depth * width * 4);
  }
  for (const Column& c : columns) blob.sums()[c.at] = static_cast<int32_t>(c.sum);
}

void pack_byte_lane(const Gemm& g, const Lane& lane, const ColumnReader& reader, std::span<const int32_t> w_zero, Blob& blob,
                    std::vector<uint8_t>& memory) {
  const GroupsOf of = groups_of(g, lane);
  int32_t sums[16];
  pack_groups(of, reader.read(lane.first, lane.count, memory), zeros_of(w_zero, lane.first, lane.count).data(), g.fused,
              reinterpret_cast<uint8_t*>(blob.data + lane.weights), blob.lists() + (&lane - g.lanes.data()) * of.list(), sums);
  for (int64_t position = 0; position < lane.width; ++position) blob.sums()[lane.at + position] = sums[column_at(g, lane, position)];
}

}  // namespace mo::kernels::int8
