// Elementwise functions of one tensor: the loop over dtypes that every such operator shares.
#pragma once
#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

template <class Op>
Op make_functor(const Node& node) {
  if constexpr (std::is_constructible_v<Op, const Node&>) return Op(node);
  else return Op{};
}

// y = Op(x) in the same dtype; Op is called with the compute type.
template <class Op, class List = Floats>
void run_unary(Run& c) {
  const Tensor& x = c.in(0);
  const Op op = make_functor<Op>(c.node);
  Tensor& y = c.out(0, x.dtype(), x.shape());
  dispatch(List{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* src = x.data<T>();
    T* dst = y.mutable_data<T>();
    for (int64_t i = 0, n = x.size(); i < n; ++i) dst[i] = store<T>(op(load(src[i])));
  });
}

// y = Op(x) as bool.
template <class Op, class List>
void run_predicate(Run& c) {
  const Tensor& x = c.in(0);
  const Op op = make_functor<Op>(c.node);
  Tensor& y = c.out(0, DType::boolean, x.shape());
  bool* dst = y.mutable_data<bool>();
  dispatch(List{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* src = x.data<T>();
    for (int64_t i = 0, n = x.size(); i < n; ++i) dst[i] = op(load(src[i]));
  });
}

}  // namespace mo::ops
