// Offsets that index tensors point at: per element along an axis (Gather/ScatterElements), per tuple (Gather/ScatterND).
#pragma once
#include "ops/movement.h"

namespace mo::ops {

// For each element of `index` (row-major), the offset into a tensor of shape `data` whose coordinate on `axis` is that index and whose
// other coordinates are the element's own. Throws Code::shape when anything lies outside.
std::vector<int64_t> element_offsets(const Shape& data, const Shape& index, std::span<const int64_t> values, int64_t axis);

// For each tuple (the last axis of `index`), the offset of the slice it names; the first `batch` axes are shared.
struct TupleOffsets {
  std::vector<int64_t> offsets;
  int64_t slice;  // elements of one slice
};
TupleOffsets tuple_offsets(const Shape& data, const Shape& index, std::span<const int64_t> values, int64_t batch);

}  // namespace mo::ops
