// Transpose: axis i of the result is axis perm[i] of the input; without perm the axes are reversed.
#include <algorithm>

#include "ops/movement.h"

namespace mo::ops {

std::vector<int64_t> transpose_axes(const Node& n, int64_t rank) {
  std::vector<int64_t> perm = n.ints("perm");
  if (!n.has("perm"))
    for (int64_t i = rank; i-- > 0;) perm.push_back(i);
  require(static_cast<int64_t>(perm.size()) == rank, Code::shape, "perm of ", perm.size(), " axes for rank ", rank);
  std::vector<int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t i = 0; i < rank; ++i) require(sorted[static_cast<size_t>(i)] == i, Code::shape, "perm ", perm, " is no permutation of the axes");
  return perm;
}

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (c.node.has("perm")) transpose_axes(c.node, static_cast<int64_t>(c.node.ints("perm").size()));
  if (!in.ranked)
    return c.node.has("perm") ? c.set(0, in.dtype, unknown_dims(static_cast<int64_t>(c.node.ints("perm").size()))) : c.set_unranked(0, in.dtype);
  std::vector<Dim> dims;
  for (int64_t axis : transpose_axes(c.node, in.rank())) dims.push_back(in.dims[static_cast<size_t>(axis)]);
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  std::vector<int64_t> perm = transpose_axes(c.node, x.rank());
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
