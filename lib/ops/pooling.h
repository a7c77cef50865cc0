// The pooling loop over any number of spatial axes, shared by the pooling operators.
#pragma once
#include "base/checked.h"
#include "ops/compute.h"
#include "ops/window.h"

namespace mo::ops {

struct PoolShape {
  Window window;       // pads resolved
  int64_t planes = 1;  // batch * channels
  Shape in, out, result;
  int64_t in_plane = 1, out_plane = 1;
};

PoolShape pool_shape(const Node& node, const Shape& x);
void infer_pool(Infer& c, size_t output, DType dtype);
Cost pool_cost(const CostQuery& q);

// Calls f(plane, output index in the plane, taps, padded) for every window: `taps` are the input indices in the plane, in order;
// `padded` is the number of taps inside the input and its padding (what count_include_pad divides by).
template <class F>
void for_each_window(const PoolShape& g, F&& f) {
  if (g.planes == 0) return;
  const size_t axes = g.in.size();
  std::vector<int64_t> position(axes, 0), tap(axes), first(axes), size(axes), taps;
  for (int64_t o = 0; o < g.out_plane; ++o) {
    taps.clear();
    int64_t padded = 1;
    bool any = true;
    for (size_t a = 0; a < axes; ++a) {
      const Window& w = g.window;
      int64_t start = position[a] * w.stride[a] - w.pad_begin[a];
      Span1 s = taps_inside(g.in[a], w.kernel[a], w.dilation[a], start);
      Span1 p = taps_inside(g.in[a] + w.pad_begin[a] + w.pad_end[a], w.kernel[a], w.dilation[a], start + w.pad_begin[a]);
      first[a] = s.first;
      size[a] = s.last - s.first;
      padded = checked_mul(padded, p.last - p.first);
      any = any && size[a] > 0;
    }
    if (any) {
      std::fill(tap.begin(), tap.end(), 0);
      do {
        int64_t at = 0;
        for (size_t a = 0; a < axes; ++a)
          at = at * g.in[a] + position[a] * g.window.stride[a] - g.window.pad_begin[a] + (first[a] + tap[a]) * g.window.dilation[a];
        taps.push_back(at);
      } while (next_position(tap, size));
    }
    for (int64_t plane = 0; plane < g.planes; ++plane) f(plane, o, std::span<const int64_t>(taps), padded);
    next_position(position, g.out);
  }
}

}  // namespace mo::ops
