// Gather: y = x taken at integer indices along one axis; negative indices count from the end.
#include "ops/movement.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type &in = c.input(0), &index = c.input(1);
  if (!in.ranked || !index.ranked) return c.set_unranked(0, in.dtype);
  auto axis = normal_axis(c.node.i("axis", 0), in.rank());
  std::vector<Dim> dims(in.dims.begin(), in.dims.begin() + axis);
  dims.insert(dims.end(), index.dims.begin(), index.dims.end());
  dims.insert(dims.end(), in.dims.begin() + axis + 1, in.dims.end());
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor &x = c.in(0), &index = c.in(1);
  auto axis = static_cast<size_t>(normal_axis(c.node.i("axis", 0), x.rank()));
  std::vector<int64_t> at = index_values(c, 1);
  int64_t dim = x.shape()[axis];
  for (int64_t& i : at) i = normal_index(i, dim);
  Shape shape(x.shape().begin(), x.shape().begin() + static_cast<int64_t>(axis));
  shape.insert(shape.end(), index.shape().begin(), index.shape().end());
  shape.insert(shape.end(), x.shape().begin() + static_cast<int64_t>(axis) + 1, x.shape().end());
  Tensor& y = c.out(0, x.dtype(), shape);
  if (y.size() == 0) return;
  int64_t outer = product(x.shape(), 0, axis), inner = product(x.shape(), axis + 1, x.shape().size()), dst = 0;
  Mover m(y, x);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i : at) {
      m.copy(dst, (o * dim + i) * inner, inner);
      dst += inner;
    }
}

}  // namespace

extern const OpDef gather{
    .name = "Gather",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since_of = [](const Node& n, std::span<const Type> in) { return std::max(11, since_dtypes(n, in)); },  // negative indices
};

}  // namespace mo::ops
