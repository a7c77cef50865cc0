// ArgMax and ArgMin: the index of the extreme element along one axis, the first or the last of equals; NaN wins.
#pragma once
#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

inline void infer_arg(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) return c.set_unranked(0, DType::i64);
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", 0), in.rank()));
  std::vector<Dim> dims = in.dims;
  if (c.node.i("keepdims", 1)) dims[axis] = known_dim(1);
  else dims.erase(dims.begin() + static_cast<int64_t>(axis));
  c.set(0, DType::i64, std::move(dims));
}

template <class Better>
void run_arg(Run& c) {
  const Tensor& x = c.in(0);
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", 0), x.rank()));
  bool last = c.node.i("select_last_index", 0) != 0;
  Shape shape = x.shape();
  int64_t outer = product(shape, 0, axis), n = shape[axis], inner = product(shape, axis + 1, shape.size());
  if (c.node.i("keepdims", 1)) shape[axis] = 1;
  else shape.erase(shape.begin() + static_cast<int64_t>(axis));
  Tensor& y = c.out(0, DType::i64, shape);
  if (y.size() == 0) return;
  require(n > 0, Code::shape, "no element along axis ", axis, " of shape ", x.shape());
  dispatch(Numbers{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* src = x.data<T>();
    int64_t* dst = y.mutable_data<int64_t>();
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) {
        const T* line = src + o * n * inner + i;
        int64_t best = 0;
        auto value = load(line[0]);
        for (int64_t k = 1; k < n; ++k) {
          auto v = load(line[k * inner]);
          bool nan = v != v && value == value;
          if (nan || Better{}(v, value) || (last && v == value)) best = k, value = v;
        }
        *dst++ = best;
      }
  });
}

inline int arg_since(const Node& n, std::span<const Type> in) {
  int s = since_dtypes(n, in);
  if (n.i("axis", 0) < 0) s = std::max(s, 11);
  return n.has("select_last_index") ? std::max(s, 12) : s;
}

}  // namespace mo::ops
