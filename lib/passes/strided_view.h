// A value as a strided view of an earlier one: what Transpose, Reshape, Slice, Split, Gather of one entry, Expand and repetition leave of it.
#pragma once
#include <optional>

#include "passes/match.h"

namespace mo::passes {

// `size` steps of `stride` elements.
struct Mode {
  int64_t size, stride;
};
using Modes = std::vector<Mode>;  // outermost first; none: one element

struct StridedView {
  ValueId base = k_none;
  int64_t offset = 0;
  float factor = 1;         // what the elements are multiplied with on the way
  std::vector<Modes> axes;  // one axis may be several modes: heads times repetitions
};

StridedView dense_view(const Graph& g, ValueId v);  // `v` itself; its type is static
// `v` seen as far back as movement goes; with `factors`, multiplications by a scalar are looked through too.
StridedView view_of(const Graph& g, ValueId v, bool factors = false);

void permute(StridedView& v, std::span<const int64_t> perm);
// The same elements in the same order under another shape; false (and unchanged) where a mode would have to be split unevenly.
bool regroup(std::vector<Modes>& axes, std::span<const int64_t> shape);
// Prepends and stretches axes of size 1; false when the shapes do not fit.
bool broadcast_to(StridedView& v, std::span<const int64_t> shape);

int64_t size_of(const Modes& modes);
std::optional<Mode> single(const Modes& modes);  // as one mode, where it is one
// Cuts lists of equal total size into modes of equal sizes; false where sizes do not divide.
bool refine(std::span<Modes* const> lists);

}  // namespace mo::passes
