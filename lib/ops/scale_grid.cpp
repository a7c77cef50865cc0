// Reading the granularity of QuantizeLinear and DequantizeLinear.
#include "ops/scale_grid.h"

#include "base/checked.h"

namespace mo::ops {

ScaleGrid scale_grid(const Node& node, const Shape& data, const Shape& scale) {
  ScaleGrid g;
  int64_t block = node.i("block_size", 0);
  require(block >= 0, Code::invalid_argument, "block_size is ", block);
  if (block == 0 && checked_product(scale) == 1 && scale.size() <= 1) return g;
  int64_t rank = static_cast<int64_t>(data.size());
  int64_t axis = node.i("axis", 1);
  if (rank == 1 && axis == 1) axis = 0;  // the default axis means nothing for vectors
  axis = normal_axis(axis, rank);
  size_t a = static_cast<size_t>(axis);
  g.axis_size = data[a];
  g.inner = checked_product(std::span(data).subspan(a + 1));
  if (block == 0) {
    require(scale.size() == 1 && scale[0] == data[a], Code::shape, "scale has shape ", scale, ", wants [", data[a], "] for axis ", axis, " of ",
            data);
    g.kind = ScaleGrid::Kind::per_axis;
    return g;
  }
  Shape wanted = data;
  wanted[a] = data[a] / block + (data[a] % block != 0);
  require(scale == wanted, Code::shape, "scale has shape ", scale, ", wants ", wanted, " for blocks of ", block, " on ", data);
  g.kind = ScaleGrid::Kind::blocked;
  g.block = block;
  g.blocks = wanted[a];
  return g;
}

}  // namespace mo::ops
