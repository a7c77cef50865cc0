// ScatterND: a copy of the data in which the slices named by index tuples are replaced by, or reduced with, the updates.
#include "ops/scatter.h"

namespace mo::ops {

namespace {

void run(Run& c) {
  const Tensor &x = c.in(0), &index = c.in(1), &updates = c.in(2);
  require_same_dtype(c, 0, 2);
  require(index.dtype() == DType::i64, Code::type, "indices must be int64, are ", name(index.dtype()));
  TupleOffsets to = tuple_offsets(x.shape(), index.shape(), index_values(c, 1), 0);
  Shape wanted(index.shape().begin(), index.shape().end() - 1);
  wanted.insert(wanted.end(), x.shape().begin() + index.shape().back(), x.shape().end());
  require(updates.shape() == wanted, Code::shape, "updates of shape ", updates.shape(), ", wanted ", wanted);
  ScatterReduction how = scatter_reduction(c.node);
  scatter_slices(copy_of_data(c), updates, to.offsets, to.slice, how);
}

}  // namespace

extern const OpDef scatter_nd{
    .name = "ScatterND",
    .min_inputs = 3,
    .max_inputs = 3,
    .infer = infer_same,
    .run = run,
    .since = 11,
    .since_of = scatter_since,
};

}  // namespace mo::ops
