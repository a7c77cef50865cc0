// The walk over operands broadcast to one shape: rows of the innermost merged axis, in which each operand steps by 1 or stays.
#pragma once
#include <array>

#include "ops/op.h"

namespace mo::ops {

struct BroadcastPlan {
  Shape shape;                                // of the result
  int64_t row = 0;                            // innermost length
  std::vector<int64_t> step;                  // of each operand along a row: 0 or 1
  std::vector<int64_t> extents;               // outer axes, merged, outermost first
  std::vector<std::vector<int64_t>> strides;  // [operand][outer axis], in elements
};

// Throws Code::shape when the shapes do not broadcast.
BroadcastPlan plan_broadcast(std::span<const Shape* const> operands);
// The same towards a given result shape; each operand must broadcast to it without enlarging it.
BroadcastPlan plan_broadcast_to(const Shape& result, std::span<const Shape* const> operands);

// f(const int64_t* operand_offsets, int64_t result_offset) for each row.
template <class F>
void for_rows(const BroadcastPlan& p, F&& f) {
  constexpr size_t k_most = 4;
  size_t n = p.step.size(), axes = p.extents.size();
  MO_ASSERT(n <= k_most);
  if (element_count(p.shape) == 0) return;
  std::array<int64_t, k_most> at{};
  std::vector<int64_t> index(axes, 0);
  int64_t dst = 0;
  while (true) {
    f(at.data(), dst);
    dst += p.row;
    size_t axis = axes;
    while (axis-- > 0) {
      for (size_t k = 0; k < n; ++k) at[k] += p.strides[k][axis];
      if (++index[axis] < p.extents[axis]) break;
      for (size_t k = 0; k < n; ++k) at[k] -= p.strides[k][axis] * p.extents[axis];
      index[axis] = 0;
      if (axis == 0) return;
    }
    if (axes == 0) return;
  }
}

}  // namespace mo::ops
