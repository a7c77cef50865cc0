// Weights as bytes where AVX2 is the widest: four k at a time, paired so that its 8-bit multiply-add saturates for no bytes they could meet.
#pragma once
#include <cstdint>

namespace mo::kernels::int8 {

// The groups of four k of a panel by their kind: neighbours as they lie; any four of 16 neighbours, in an order; the same where a pair may saturate.
struct Groups {
  static constexpr int k_kinds = 3;
  const int32_t* at = nullptr;     // kind by kind: bytes from a row's pointer, to the four or the 16
  const int32_t* order = nullptr;  // likewise: which of the 16, one a byte; nothing for the first kind
  int32_t count[k_kinds] = {};
};
constexpr int64_t k_window = 16;

// A panel of `width` columns: groups of [column][4] by kind, `depth` a segment, zeros for what is behind the `length` k of a segment.
struct GroupsOf {
  int64_t segments, length, width;
  int64_t depth() const { return (length + 3) / 4; }
  int64_t groups() const { return segments * depth(); }
  int64_t list() const { return Groups::k_kinds + 2 * groups(); }  // length of a list
};
struct ColumnRows;
// Fills a panel and its list, which has the counts, then per group where it is (4 * depth * segment + bytes within) and its order. rows: [segment][k];
// zero: subtracted from each column, all differences fit 8 bits; in_registers: columns in the order of column_of(2, ...). Returns the sums in sums[16].
void pack_groups(const GroupsOf& of, const ColumnRows& rows, const uint8_t* zero, bool in_registers, uint8_t* panel, int32_t* list, int32_t* sums);
// Such groups take less time than `pairs` pairs of 16-bit numbers.
bool groups_pay(const int32_t* count, int64_t pairs);

}  // namespace mo::kernels::int8
