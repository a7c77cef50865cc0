// Expand: broadcasts a tensor with a shape (both ways, as numpy does between two operands).
#include "ops/broadcast.h"
#include "ops/movement.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  auto shape = c.known_ints(1);
  if (in.ranked && shape) {
    for (int64_t d : *shape) require(d >= 0, Code::shape, "expand to ", *shape);
    return c.set(0, in.dtype, broadcast_dims(in.dims, dims_of(*shape)));
  }
  const Type& list = c.input(1);
  if (in.ranked && list.ranked && list.rank() == 1 && list.dims[0].known() && list.dims[0].size <= k_max_rank)
    return c.set(0, in.dtype, unknown_dims(std::max(in.rank(), list.dims[0].size)));
  c.set_unranked(0, in.dtype);
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  Shape wanted = integer_list(c, 1);
  element_count(wanted);
  Shape shape = broadcast(x.shape(), wanted);
  Tensor& y = c.out(0, x.dtype(), shape);
  if (y.size() == 0) return;
  std::vector<int64_t> own = strides_of(x.shape()), strides(shape.size(), 0);
  size_t lead = shape.size() - own.size();
  for (size_t i = 0; i < own.size(); ++i) strides[lead + i] = x.shape()[i] == 1 ? 0 : own[i];
  copy_box(y, 0, strides_of(shape), x, 0, strides, shape);
}

}  // namespace

extern const OpDef expand{
    .name = "Expand",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since = 8,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
