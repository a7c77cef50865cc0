// Packing of 8-bit weights into the panels of int8_gemm.h.
#pragma once
#include <span>

#include "kernels/cpu/int8_columns.h"
#include "kernels/cpu/int8_gemm.h"

namespace mo::kernels::int8 {

// Panels of all lanes, then per column in register order: the sum of the stored weights and the zero point left to be corrected for. With AVX2 and bytes
// the lists of pack_groups follow.
struct Blob {
  char* data;
  int64_t columns, panels, list_items;
  int32_t* sums() const { return reinterpret_cast<int32_t*>(data + panels); }
  int32_t* zeros() const { return sums() + columns; }
  int32_t* lists() const { return zeros() + columns; }
  int64_t bytes() const { return panels + 8 * columns + 4 * list_items; }
};

// The groups of a lane's panel.
inline GroupsOf groups_of(const Gemm& g, const Lane& lane) { return {g.segments, g.length, lane.width}; }

// The column that position `at` of a lane's panel holds. What leaves the registers unfinished keeps its order.
int64_t column_at(const Gemm& g, const Lane& lane, int64_t at);

// Fills the lane's panel, its columns' sums and zero points.
void pack_lane(const Gemm& g, const Lane& lane, const WeightView& v, std::span<const int32_t> w_zero, Blob& blob);
// With AVX2 and bytes: panel, sums and list. `memory` may serve other lanes later.
void pack_byte_lane(const Gemm& g, const Lane& lane, const ColumnReader& reader, std::span<const int32_t> w_zero, Blob& blob,
                    std::vector<uint8_t>& memory);

}  // namespace mo::kernels::int8
