// Facts about layouts: which shapes are the same in both, and which transpositions are only a change of name.
#pragma once
#include <span>

#include "graph/graph.h"
#include "kernels/kernel.h"
#include "plan/step.h"

namespace mo::plan {

using kernels::Layout;

// [n, c, spatial...]: with one channel or one spatial position, plain and channels_last are the same bytes.
bool same_in_both_layouts(std::span<const int64_t> shape);

// Only tensors of rank 3 and more have a channels_last form.
bool has_layouts(std::span<const int64_t> shape);

// Whether the bytes lie in another order than the shape says.
inline bool stored_channels_last(const Slot& s) { return s.layout == Layout::channels_last && !same_in_both_layouts(s.shape); }

// Reorders `shape` from plain to channels_last (or back), elements of `bits` (a multiple of 8).
void reorder(const void* src, void* dst, std::span<const int64_t> shape, int bits, bool to_channels_last, int threads);

// What a Transpose with this permutation of a tensor of this shape does to the bytes.
enum class Move { real, nothing, channels_last_to_plain, plain_to_channels_last };
Move classify_transpose(std::span<const int64_t> perm, std::span<const int64_t> shape);

}  // namespace mo::plan
