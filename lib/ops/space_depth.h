// The block rearrangement between channels and space that DepthToSpace and SpaceToDepth share.
#pragma once
#include "base/checked.h"
#include "ops/movement.h"

namespace mo::ops {

inline int64_t block_size(const Node& n) {
  int64_t block = n.i("blocksize", 0);
  require(block > 0 && block < (int64_t{1} << 31), Code::shape, "blocksize ", block);
  return block;
}

inline bool depth_first(const Node& n) {  // DCR, else CRD
  std::string mode = n.s("mode", "DCR");
  require(mode == "DCR" || mode == "CRD", Code::format, "mode must be DCR or CRD, got ", printable(mode));
  return mode == "DCR";
}

// y = x seen as `split` with its axes permuted.
inline void permute_split(Tensor& y, const Tensor& x, const Shape& split, std::span<const int64_t> perm) {
  std::vector<int64_t> own = strides_of(split), from;
  Shape extents;
  for (int64_t axis : perm) {
    from.push_back(own[static_cast<size_t>(axis)]);
    extents.push_back(split[static_cast<size_t>(axis)]);
  }
  if (y.size() > 0) copy_box(y, 0, strides_of(extents), x, 0, from, extents);
}

inline int space_depth_since(const Node& n, std::span<const Type> in) {
  return std::max(since_dtypes(n, in), !n.has("mode") ? 7 : n.op == "DepthToSpace" ? 11 : 28);
}

}  // namespace mo::ops
