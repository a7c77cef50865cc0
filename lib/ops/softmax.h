// The walk along one axis that Softmax, LogSoftmax and Hardmax share.
#pragma once
#include <cmath>

#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

struct AxisWalk {
  int64_t outer, size, inner;
};
// A scalar counts as one element along axis 0.
inline AxisWalk axis_walk(const Shape& shape, int64_t axis) {
  if (shape.empty()) {
    require(axis == 0 || axis == -1, Code::shape, "axis ", axis, " of a scalar");
    return {1, 1, 1};
  }
  size_t a = static_cast<size_t>(normal_axis(axis, static_cast<int64_t>(shape.size())));
  return {product(shape, 0, a), shape[a], product(shape, a + 1, shape.size())};
}

// Row::apply(const T* src, T* dst, size, stride) on every line along the node's axis (default -1).
template <class Row>
void run_along_axis(Run& c) {
  const Tensor& x = c.in(0);
  AxisWalk w = axis_walk(x.shape(), c.node.i("axis", -1));
  Tensor& y = c.out(0, x.dtype(), x.shape());
  if (x.size() == 0) return;
  dispatch(Floats{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* src = x.data<T>();
    T* dst = y.mutable_data<T>();
    for (int64_t o = 0; o < w.outer; ++o)
      for (int64_t i = 0; i < w.inner; ++i) {
        int64_t at = o * w.size * w.inner + i;
        Row::apply(src + at, dst + at, w.size, w.inner);
      }
  });
}

// Largest element of a line.
template <class T>
Compute<T> line_max(const T* src, int64_t n, int64_t stride) {
  Compute<T> top = load(src[0]);
  for (int64_t i = 1; i < n; ++i) {
    Compute<T> v = load(src[i * stride]);
    top = v > top ? v : top;
  }
  return top;
}

inline void infer_along_axis(Infer& c) {
  infer_same(c);
  if (c.input(0).rank() > 0) normal_axis(c.node.i("axis", -1), c.input(0).rank());
}

}  // namespace mo::ops
