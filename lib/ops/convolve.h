// The convolution loop over any number of spatial axes, shared by Conv, ConvInteger, QLinearConv and mo.Conv.
#pragma once
#include "ops/window.h"

namespace mo::ops {

struct ConvShape {
  Window window;  // pads resolved
  int64_t batch, in_channels, out_channels, group;
  Shape in, out;  // spatial sizes
  int64_t in_plane, out_plane, kernel_plane;
  Shape result() const;  // [batch, out_channels, spatial...]
};

// Validates X [n, c, ...] against W [m, c/group, ...] and the attributes of `node`.
ConvShape conv_shape(const Node& node, const Shape& x, const Shape& w);

// The same on partly known types; sets output 0 with `dtype`.
void infer_conv(Infer& c, size_t x, size_t w, DType dtype);
Cost conv_cost(const CostQuery& q, size_t w);

// y[o] += w * x[o * stride + offset] over one plane for one tap of the kernel; padding contributes nothing.
template <class T, class Acc>
void convolve_tap(const ConvShape& g, std::span<const int64_t> tap, const T* x, T weight, Acc* y) {
  const size_t axes = g.in.size(), last = axes - 1;
  if (axes == 0 || axes > k_max_rank) return;  // conv_shape refuses both; said again so that the compiler knows
  int64_t first[k_max_rank], size[k_max_rank], offset[k_max_rank], in_stride[k_max_rank], out_stride[k_max_rank], position[k_max_rank] = {};
  int64_t xs = 1, ys = 1;
  for (size_t a = axes; a-- > 0;) {
    offset[a] = tap[a] * g.window.dilation[a] - g.window.pad_begin[a];
    Span1 s = inside(g.in[a], g.out[a], g.window.stride[a], offset[a]);
    if (s.first >= s.last) return;
    first[a] = s.first;
    size[a] = s.last - s.first;
    in_stride[a] = xs;
    out_stride[a] = ys;
    xs *= g.in[a];
    ys *= g.out[a];
  }
  const int64_t step = g.window.stride[last], count = size[last];
  do {
    const T* src = x;
    Acc* dst = y;
    for (size_t a = 0; a < axes; ++a) {
      int64_t o = first[a] + position[a];
      src += (o * g.window.stride[a] + offset[a]) * in_stride[a];
      dst += o * out_stride[a];
    }
    for (int64_t i = 0; i < count; ++i) dst[i] += static_cast<Acc>(weight) * static_cast<Acc>(src[i * step]);
  } while (next_position({position, last}, {size, last}));
}

// Calls store(n, m, plane) with the finished sums of each output plane. Acc must not overflow into undefined behaviour: unsigned or floating.
template <class T, class Acc, class Store>
void convolve(const ConvShape& g, const T* x, const T* w, Store&& store) {
  std::vector<Acc> plane(static_cast<size_t>(g.out_plane));
  const int64_t cg = g.in_channels / g.group, mg = g.out_channels / g.group;
  std::vector<int64_t> tap(g.in.size());
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t m = 0; m < g.out_channels; ++m) {
      std::fill(plane.begin(), plane.end(), Acc(0));
      for (int64_t c = 0; c < cg && g.out_plane > 0 && g.in_plane > 0; ++c) {
        const T* src = x + (n * g.in_channels + m / mg * cg + c) * g.in_plane;
        const T* weights = w + (m * cg + c) * g.kernel_plane;
        std::fill(tap.begin(), tap.end(), 0);
        do convolve_tap(g, tap, src, *weights++, plane.data());
        while (next_position(tap, g.window.kernel));
      }
      store(n, m, plane.data());
    }
}

}  // namespace mo::ops
