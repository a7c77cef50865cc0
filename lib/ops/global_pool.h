// Pools whose window is the whole plane, shared by GlobalAveragePool, GlobalMaxPool and GlobalLpPool.
#pragma once
#include "base/checked.h"
#include "ops/compute.h"

namespace mo::ops {

inline void infer_global_pool(Infer& c) {
  if (c.rank() < 0) return c.set_unranked(0, c.dtype());
  std::vector<Dim> dims = c.input(0).dims;
  require(dims.size() >= 2, Code::shape, "X is ", describe(c.input(0)), ", wants [n, c, spatial...]");
  for (size_t a = 2; a < dims.size(); ++a) dims[a] = known_dim(1);
  c.set(0, c.dtype(), std::move(dims));
}

// f(elements, count) -> double for each plane.
template <class F>
void run_global_pool(Run& c, F&& f) {
  const Shape& shape = c.in(0).shape();
  require(shape.size() >= 2, Code::shape, "X has shape ", shape, ", wants [n, c, spatial...]");
  Shape result{shape[0], shape[1]};
  result.resize(shape.size(), 1);
  int64_t plane = checked_product(std::span(shape).subspan(2)), planes = checked_mul(shape[0], shape[1]);
  with_float(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    Result<T> y(c, 0, c.dtype(), result);
    T* dst = y.data();
    for (int64_t p = 0; p < planes; ++p) dst[p] = static_cast<T>(f(x.data<T>() + p * plane, plane));
    y.finish();
  });
}

inline Cost global_pool_cost(const CostQuery& q) {
  Cost r;
  if (!q.inputs.empty() && q.inputs[0].is_static()) r.flops = element_count(q.inputs[0].shape());
  return r;
}

}  // namespace mo::ops
