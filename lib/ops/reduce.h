// Reductions over axes: which axes, the result's shape, and the walk that feeds an accumulator. Sums run in double, integers wrap.
#pragma once
#include <cmath>

#include "ops/broadcast.h"
#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

// Input 1 names the axes; absent or empty means all, or none with noop_with_empty_axes.
void infer_reduce(Infer& c);

struct ReducePlan {
  Shape kept;         // the input's shape with 1 on reduced axes
  Shape result;       // the output's shape
  int64_t count = 1;  // elements that fall into one result
};
ReducePlan plan_reduce(const Run& c);

// Accumulators of sums: double for floats, wrapping uint64 for integers.
template <class T>
using Sum = std::conditional_t<std::is_integral_v<Compute<T>>, uint64_t, double>;

// Op<T>: `Acc` with `Acc start()`, `void add(Acc&, Compute<T>)`, `Compute<T> finish(Acc, count)`.
template <template <class> class Op, class List>
void run_reduce(Run& c) {
  const Tensor& x = c.in(0);
  ReducePlan plan = plan_reduce(c);
  const Shape* shapes[] = {&plan.kept};
  BroadcastPlan walk = plan_broadcast_to(x.shape(), shapes);
  Tensor& y = c.out(0, x.dtype(), plan.result);
  dispatch(List{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using O = Op<T>;
    std::vector<typename O::Acc> acc(static_cast<size_t>(y.size()), O::start());
    const T* src = x.data<T>();
    for_rows(walk, [&](const int64_t* at, int64_t from) {
      const T* row = src + from;
      if (walk.step[0] == 0) {
        typename O::Acc a = acc[static_cast<size_t>(at[0])];
        for (int64_t i = 0; i < walk.row; ++i) O::add(a, load(row[i]));
        acc[static_cast<size_t>(at[0])] = a;
      } else {
        for (int64_t i = 0; i < walk.row; ++i) O::add(acc[static_cast<size_t>(at[0] + i)], load(row[i]));
      }
    });
    T* dst = y.mutable_data<T>();
    for (size_t i = 0; i < acc.size(); ++i) dst[i] = store<T>(O::finish(acc[i], plan.count));
  });
}

// A real result as the element type: integers truncate.
template <class T>
Compute<T> real_as(double v) {
  return number_as<Compute<T>>(v);
}

}  // namespace mo::ops
