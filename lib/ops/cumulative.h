// Running sums and products along one axis: exclusive and reversed forms.
#pragma once
#include "ops/reduce.h"

namespace mo::ops {

// Op: `static Acc apply(Acc, Acc)` and `k_start`.
template <class Op, class List>
void run_cumulative(Run& c) {
  const Tensor& x = c.in(0);
  size_t axis = static_cast<size_t>(normal_axis(scalar_integer(c, 1), x.rank()));
  bool exclusive = c.node.i("exclusive", 0) != 0, reverse = c.node.i("reverse", 0) != 0;
  int64_t outer = product(x.shape(), 0, axis), n = x.shape()[axis], inner = product(x.shape(), axis + 1, x.shape().size());
  Tensor& y = c.out(0, x.dtype(), x.shape());
  if (x.size() == 0) return;
  dispatch(List{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* src = x.data<T>();
    T* dst = y.mutable_data<T>();
    std::vector<Sum<T>> acc(static_cast<size_t>(inner));
    for (int64_t o = 0; o < outer; ++o) {
      std::fill(acc.begin(), acc.end(), static_cast<Sum<T>>(Op::k_start));
      for (int64_t k = 0; k < n; ++k) {
        int64_t at = (o * n + (reverse ? n - 1 - k : k)) * inner;
        for (int64_t i = 0; i < inner; ++i) {
          Sum<T>& a = acc[static_cast<size_t>(i)];
          Sum<T> v = static_cast<Sum<T>>(load(src[at + i])), before = a;
          a = Op::apply(a, v);
          dst[at + i] = store<T>(exclusive ? before : a);
        }
      }
    }
  });
}

using CumulativeKinds = Types<float, double, half, bfloat16, int32_t, int64_t, uint32_t, uint64_t>;

}  // namespace mo::ops
