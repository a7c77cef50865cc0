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

// A panel of `width` columns as packed: [segment][group][column][4], zeros behind `length` k of a segment.
struct GroupsOf {
  int64_t segments, length, width;
  int64_t depth() const { return (length + 3) / 4; }
  int64_t groups() const { return segments * depth(); }
  int64_t list() const { return Groups::k_kinds + 2 * groups(); }  // length of a list
};
// Panel and list are rewritten kind by kind: the list has the counts, then per group where it is (4 * depth * segment + bytes within) and its order.
void pair_groups(const GroupsOf& of, uint8_t* panel, int32_t* list);
// Such groups take less time than `pairs` pairs of 16-bit numbers.
bool groups_pay(const int32_t* count, int64_t pairs);

}  // namespace mo::kernels::int8
