// Slices of a tensor along an axis, and tensors stacked along a new one; any dtype, strings and packed ones included.
#pragma once
#include "ops/op.h"

namespace mo::ops {

// t[..., index, ...] at `axis`, without that axis.
Tensor take_slice(const Tensor& t, int64_t axis, int64_t index);

// A new axis of items.size() at `axis` of the result; all items have one dtype and shape. `items` must not be empty.
Tensor stack(std::span<const Tensor> items, int64_t axis, bool reversed = false);

// Copies `count` consecutive elements.
void copy_elements(DType dtype, const void* src, int64_t src_at, void* dst, int64_t dst_at, int64_t count);

}  // namespace mo::ops
