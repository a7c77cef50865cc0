// How scales are laid over a tensor: one for all, one per index of an axis, or one per block along an axis.
#pragma once
#include "ops/op.h"

namespace mo::ops {

struct ScaleGrid {
  enum class Kind : uint8_t { single, per_axis, blocked } kind = Kind::single;
  int64_t axis_size = 1, inner = 1;  // of the data: size of the axis, elements below it
  int64_t block = 1, blocks = 1;     // elements per scale and scales along the axis
  // Index of the scale of flat element i.
  int64_t operator[](int64_t i) const {
    if (kind == Kind::single) return 0;
    int64_t along = i / inner % axis_size;
    if (kind == Kind::per_axis) return along;
    return (i / inner / axis_size * blocks + along / block) * inner + i % inner;
  }
};

// Checks the shape of a scale against the data; reads `axis` and `block_size` of the node.
ScaleGrid scale_grid(const Node& node, const Shape& data, const Shape& scale);

}  // namespace mo::ops
