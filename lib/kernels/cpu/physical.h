// The order in which a tensor's axes lie in memory, and loops over broadcast operands in that order.
#pragma once
#include <vector>

#include "kernels/kernel.h"

namespace mo::kernels {

// Axes from outermost to innermost in memory: 0 1 2 3 for plain, 0 2 3 1 for channels-last.
std::vector<int> axis_order(size_t rank, Layout layout);
Shape physical_shape(const Operand& x);
int64_t physical_axis(const Operand& x, int64_t axis);  // where the logical axis (>= 0) lies

// A tensor seen as [outer, n, inner] around one axis in memory order.
struct Fibre {
  int64_t outer = 1, n = 1, inner = 1;
};
Fibre fibre(const Operand& x, int64_t axis);

// Loops of an elementwise operation in the destination's memory order, neighbouring axes joined. The last axis is the row.
// Strides in elements; 0 where an operand is broadcast.
struct Loops {
  std::vector<int64_t> dims;                  // at least one
  std::vector<std::vector<int64_t>> strides;  // per operand, as many as dims
  int64_t rows() const;
  int64_t row() const { return dims.back(); }
  // Offsets of all operands at row `r`.
  void offsets(int64_t r, int64_t* at) const;
};
Loops loops_of(std::span<const Operand* const> operands, const Operand& dst);

}  // namespace mo::kernels
