// GatherElements: y[i][j][k] = x[i][index[i][j][k]][k] for axis 1, alike for the others; y has the shape of the indices.
#include "ops/index_walk.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type &in = c.input(0), &index = c.input(1);
  require(!in.ranked || !index.ranked || in.rank() == index.rank(), Code::shape, "data of rank ", in.rank(), ", indices of rank ", index.rank());
  if (in.ranked) normal_axis(c.node.i("axis", 0), in.rank());
  c.output(0) = index;
  c.output(0).kind = Type::Kind::tensor;
  c.output(0).dtype = in.dtype;
}

void run(Run& c) {
  const Tensor &x = c.in(0), &index = c.in(1);
  int64_t axis = c.node.i("axis", 0);
  std::vector<int64_t> at = index_values(c, 1);
  std::vector<int64_t> from = element_offsets(x.shape(), index.shape(), at, axis);
  Tensor& y = c.out(0, x.dtype(), index.shape());
  Mover m(y, x);
  for (size_t i = 0; i < from.size(); ++i) m.copy(static_cast<int64_t>(i), from[i]);
}

}  // namespace

extern const OpDef gather_elements{
    .name = "GatherElements",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since = 11,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
