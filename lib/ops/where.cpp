// Where: x where the condition holds, y elsewhere, with broadcasting of all three.
#include "ops/broadcast.h"
#include "ops/movement.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type &cond = c.input(0), &x = c.input(1), &y = c.input(2);
  DType dtype = x.dtype != DType::undefined ? x.dtype : y.dtype;
  require(y.dtype == DType::undefined || y.dtype == dtype, Code::type, "inputs of dtypes ", name(x.dtype), " and ", name(y.dtype));
  if (!cond.ranked || !x.ranked || !y.ranked) return c.set_unranked(0, dtype);
  c.set(0, dtype, broadcast_dims(cond.dims, broadcast_dims(x.dims, y.dims)));
}

void run(Run& c) {
  const Tensor &cond = c.in(0), &x = c.in(1), &y = c.in(2);
  require_same_dtype(c, 1, 2);
  const Shape* shapes[] = {&cond.shape(), &x.shape(), &y.shape()};
  BroadcastPlan p = plan_broadcast(shapes);
  const bool* test = cond.data<bool>();
  Tensor& out = c.out(0, x.dtype(), p.shape);
  void* dst = out.raw_mutable();
  by_width(x.dtype(), [&](auto* tag) {
    using E = std::remove_pointer_t<decltype(tag)>;
    for_rows(p, [&](const int64_t* at, int64_t to) {
      const bool* b = test + at[0];
      const E* left = static_cast<const E*>(x.raw()) + at[1];
      const E* right = static_cast<const E*>(y.raw()) + at[2];
      E* d = static_cast<E*>(dst) + to;
      for (int64_t i = 0; i < p.row; ++i) d[i] = b[i * p.step[0]] ? left[i * p.step[1]] : right[i * p.step[2]];
    });
  });
}

}  // namespace

extern const OpDef where{
    .name = "Where",
    .min_inputs = 3,
    .max_inputs = 3,
    .infer = infer,
    .run = run,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
