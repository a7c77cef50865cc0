// Window geometry of convolutions and pools.
#include "kernels/cpu/window.h"

#include <algorithm>

namespace mo::kernels {

std::span<const int64_t> spatial(const Shape& shape) { return std::span<const int64_t>(shape).subspan(std::min<size_t>(2, shape.size())); }

Window window_of(const graph::Node& node, std::span<const int64_t> src, std::vector<int64_t> kernel) {
  const size_t n = src.size();
  Window w;
  w.kernel = std::move(kernel);
  w.strides = node.ints("strides", std::vector<int64_t>(n, 1));
  w.dilations = node.ints("dilations", std::vector<int64_t>(n, 1));
  std::vector<int64_t> pads = node.ints("pads", std::vector<int64_t>(2 * n, 0));
  require(w.kernel.size() == n && w.strides.size() == n && w.dilations.size() == n && pads.size() == 2 * n, Code::shape,
          "window attributes do not have ", n, " spatial axes");
  w.pads_begin.assign(pads.begin(), pads.begin() + n);
  w.pads_end.assign(pads.begin() + n, pads.end());
  std::string how = node.s("auto_pad", "NOTSET");
  if (how == "VALID") {
    w.pads_begin.assign(n, 0);
    w.pads_end.assign(n, 0);
  } else if (how == "SAME_UPPER" || how == "SAME_LOWER") {
    for (size_t i = 0; i < n; ++i) {
      int64_t dst = (src[i] + w.strides[i] - 1) / w.strides[i];
      int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
      int64_t total = std::max<int64_t>(0, (dst - 1) * w.strides[i] + reach - src[i]);
      int64_t small = total / 2, large = total - small;
      w.pads_begin[i] = how == "SAME_UPPER" ? small : large;
      w.pads_end[i] = how == "SAME_UPPER" ? large : small;
    }
  }
  return w;
}

}  // namespace mo::kernels
