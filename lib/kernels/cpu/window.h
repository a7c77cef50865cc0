// Window geometry of convolutions and pools: the attributes of a node and its shapes made explicit.
#pragma once
#include <vector>

#include "kernels/kernel.h"

namespace mo::kernels {

struct Window {
  std::vector<int64_t> kernel, strides, dilations, pads_begin, pads_end;
  size_t rank() const { return kernel.size(); }
};

// `src` and `kernel` sizes are spatial. auto_pad is resolved from the sizes.
Window window_of(const graph::Node& node, std::span<const int64_t> src, std::vector<int64_t> kernel);
std::span<const int64_t> spatial(const Shape& shape);  // all but the first two

}  // namespace mo::kernels
