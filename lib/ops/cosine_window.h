// Windows made of cosines: w[i] = a - b cos(2 pi i / N) + d cos(4 pi i / N), N = size (periodic) or size - 1 (symmetric).
#pragma once
#include <cmath>
#include <numbers>

#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

inline void infer_window(Infer& c) {
  Dim size;
  if (const Tensor* t = c.known(0); t && t->size() == 1) size = known_dim(std::max<int64_t>(t->integer(0), 0));
  c.set(0, dtype_attribute(c.node, "output_datatype", DType::f32), {size});
}

inline void run_window(Run& c, double a, double b, double d) {
  int64_t size = scalar_integer(c, 0);
  require(size >= 0, Code::shape, "window of size ", size);
  double n = static_cast<double>(c.node.i("periodic", 1) ? size : size - 1);
  Tensor& y = c.out(0, dtype_attribute(c.node, "output_datatype", DType::f32), {size});
  dispatch(Numbers{}, y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* dst = y.mutable_data<T>();
    for (int64_t i = 0; i < size; ++i) {
      double t = n > 0 ? 2 * std::numbers::pi * static_cast<double>(i) / n : std::numbers::pi;  // a single point is the middle
      double w = a - b * std::cos(t) + d * std::cos(2 * t);
      if constexpr (is_narrow_float<T>) dst[i] = store<T>(w);
      else dst[i] = number_as<T>(w);
    }
  });
}

}  // namespace mo::ops
