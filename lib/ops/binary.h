// Elementwise functions of two or more tensors with numpy broadcasting, and integer arithmetic that wraps instead of overflowing.
#pragma once
#include "ops/broadcast.h"
#include "ops/unary.h"

namespace mo::ops {

template <class T>
using Unsign = typename std::conditional_t<std::is_integral_v<T> && !std::is_same_v<T, bool>,
                                           std::make_unsigned<std::conditional_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, T, int>>,
                                           std::type_identity<T>>::type;

// a + b, a - b, a * b as two's complement for integers.
template <class T>
T wrap_add(T a, T b) {
  return static_cast<T>(static_cast<Unsign<T>>(a) + static_cast<Unsign<T>>(b));
}
template <class T>
T wrap_sub(T a, T b) {
  return static_cast<T>(static_cast<Unsign<T>>(a) - static_cast<Unsign<T>>(b));
}
template <class T>
T wrap_mul(T a, T b) {
  if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  else return a * b;
}

// dst[i] = op(a[i], b[i]) over a plan of two operands.
template <class Op, class A, class B, class R>
void binary_rows(const Op& op, const BroadcastPlan& p, const A* a, const B* b, R* dst) {
  bool step_a = p.step[0] != 0, step_b = p.step[1] != 0;
  for_rows(p, [&](const int64_t* at, int64_t out) {
    const A* x = a + at[0];
    const B* y = b + at[1];
    R* d = dst + out;
    if (step_a && step_b) {
      for (int64_t i = 0; i < p.row; ++i) d[i] = store<R>(op(load(x[i]), load(y[i])));
    } else if (step_a) {
      const auto right = load(*y);
      for (int64_t i = 0; i < p.row; ++i) d[i] = store<R>(op(load(x[i]), right));
    } else if (step_b) {
      const auto left = load(*x);
      for (int64_t i = 0; i < p.row; ++i) d[i] = store<R>(op(left, load(y[i])));
    } else {
      const R value = store<R>(op(load(*x), load(*y)));
      for (int64_t i = 0; i < p.row; ++i) d[i] = value;
    }
  });
}

template <class Op, class List = Numbers>
void run_binary(Run& c) {
  const Tensor &a = c.in(0), &b = c.in(1);
  require_same_dtype(c, 0, 1);
  const Shape* shapes[] = {&a.shape(), &b.shape()};
  BroadcastPlan p = plan_broadcast(shapes);
  const Op op = make_functor<Op>(c.node);
  Tensor& y = c.out(0, a.dtype(), p.shape);
  dispatch(List{}, a.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    binary_rows(op, p, a.data<T>(), b.data<T>(), y.mutable_data<T>());
  });
}

template <class Op, class List>
void run_compare(Run& c) {
  const Tensor &a = c.in(0), &b = c.in(1);
  require_same_dtype(c, 0, 1);
  const Shape* shapes[] = {&a.shape(), &b.shape()};
  BroadcastPlan p = plan_broadcast(shapes);
  const Op op = make_functor<Op>(c.node);
  Tensor& y = c.out(0, DType::boolean, p.shape);
  dispatch(List{}, a.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    binary_rows(op, p, a.data<T>(), b.data<T>(), y.mutable_data<bool>());
  });
}

// y = op(op(x0, x1), x2) ... over any number of inputs; `finish` sees each result element once at the end.
template <class Op, class List = Numbers>
void run_variadic(Run& c) {
  std::vector<const Shape*> shapes;
  for (size_t i = 0; i < c.inputs(); ++i) {
    require_same_dtype(c, 0, i);
    shapes.push_back(&c.in(i).shape());
  }
  Shape shape;
  for (const Shape* s : shapes) shape = broadcast(shape, *s);
  element_count(shape);
  const Op op = make_functor<Op>(c.node);
  const double count = static_cast<double>(c.inputs());
  Tensor& y = c.out(0, c.dtype(0), shape);
  dispatch(List{}, c.dtype(0), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using W = Compute<T>;
    std::vector<W> sum(static_cast<size_t>(y.size()));
    for (size_t k = 0; k < c.inputs(); ++k) {
      const Shape* one[] = {shapes[k]};
      BroadcastPlan p = plan_broadcast_to(shape, one);
      const T* src = c.in(k).data<T>();
      for_rows(p, [&](const int64_t* at, int64_t out) {
        for (int64_t i = 0; i < p.row; ++i) {
          W v = load(src[at[0] + i * p.step[0]]);
          W& s = sum[static_cast<size_t>(out + i)];
          s = k == 0 ? v : op(s, v);
        }
      });
    }
    T* dst = y.mutable_data<T>();
    for (size_t i = 0; i < sum.size(); ++i) dst[i] = store<T>(op.finish(sum[i], count));
  });
}

}  // namespace mo::ops
