// Geometry of sliding windows shared by convolutions and pools: kernel, strides, dilations, pads, auto_pad, ceil_mode.
#pragma once
#include "ops/op.h"

namespace mo::ops {

enum class AutoPad : uint8_t { explicit_pads, same_upper, same_lower, valid };

// One entry per spatial axis. All numbers are validated when read: kernel, stride, dilation >= 1, pads >= 0.
struct Window {
  std::vector<int64_t> kernel, stride, dilation, pad_begin, pad_end;
  AutoPad auto_pad = AutoPad::explicit_pads;
  bool ceil_mode = false;

  size_t axes() const { return kernel.size(); }
  int64_t extent(size_t axis) const { return (kernel[axis] - 1) * dilation[axis] + 1; }  // checked when read
};

// Reads kernel_shape, strides, dilations, pads, auto_pad, ceil_mode. `kernel` (of the weights) stands in for an absent kernel_shape and must
// equal a present one; empty: kernel_shape is required.
Window read_window(const Node& node, size_t spatial, std::span<const int64_t> kernel);

// Number of window positions along one axis of `in` elements; throws Code::shape when the window does not fit.
int64_t window_output(const Window& w, size_t axis, int64_t in);
Dim window_output(const Window& w, size_t axis, const Dim& in);

// Output sizes of all axes; turns auto_pad into explicit pads on the way.
Shape resolve_window(Window& w, std::span<const int64_t> in);

// Positions o in [first, last) of `out` for which 0 <= o * stride + offset < in.
struct Span1 {
  int64_t first, last;
};
Span1 inside(int64_t in, int64_t out, int64_t stride, int64_t offset);

// Taps k in [first, last) of a kernel for which 0 <= start + k * dilation < in.
Span1 taps_inside(int64_t in, int64_t kernel, int64_t dilation, int64_t start);

// Steps a position through `shape`, last axis fastest; false after the last one.
inline bool next_position(std::span<int64_t> position, std::span<const int64_t> shape) {
  for (size_t a = position.size(); a-- > 0;) {
    if (++position[a] < shape[a]) return true;
    position[a] = 0;
  }
  return false;
}

}  // namespace mo::ops
