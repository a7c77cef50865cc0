// Transpose: axis i of the result is axis perm[i] of the input; without perm the axes are reversed.
#include "ops/movement.h"

namespace mo::ops {

namespace {

std::vector<int64_t> permutation(const Node& n, int64_t rank) {
  std::vector<int64_t> perm = n.ints("perm");
  if (!n.has("perm"))
    for (int64_t i = rank; i-- > 0;) perm.push_back(i);
  require(static_cast<int64_t>(perm.size()) == rank, Code::shape, "perm of ", perm.size(), " axes for rank ", rank);
  return normal_axes(perm, rank);
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) return c.node.has("perm") ? c.set(0, in.dtype, unknown_dims(static_cast<int64_t>(c.node.ints("perm").size()))) : c.set_unranked(0, in.dtype);
  std::vector<Dim> dims;
  for (int64_t axis : permutation(c.node, in.rank())) dims.push_back(in.dims[static_cast<size_t>(axis)]);
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  std::vector<int64_t> perm = permutation(c.node, x.rank());
  Shape shape;
  for (int64_t axis : perm) shape.push_back(x.shape()[static_cast<size_t>(axis)]);
  transpose_into(c.out(0, x.dtype(), shape), x, perm);
}

}  // namespace

extern const OpDef transpose{
    .name = "Transpose",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
