// GatherND: each tuple along the last axis of the indices names a slice of the data, after batch_dims shared axes.
#include "ops/index_walk.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type &in = c.input(0), &index = c.input(1);
  int64_t batch = c.node.i("batch_dims", 0);
  if (!in.ranked || !index.ranked || index.rank() == 0 || !index.dims.back().known()) return c.set_unranked(0, in.dtype);
  int64_t width = index.dims.back().size;
  require(batch >= 0 && batch <= in.rank() && width <= in.rank() - batch, Code::shape, "index tuples of ", width, " for rank ", in.rank(),
          ", batch_dims ", batch);
  int64_t first = batch + width;
  std::vector<Dim> dims(index.dims.begin(), index.dims.end() - 1);
  dims.insert(dims.end(), in.dims.begin() + first, in.dims.end());
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor &x = c.in(0), &index = c.in(1);
  require(index.dtype() == DType::i64, Code::type, "indices must be int64, are ", name(index.dtype()));
  int64_t batch = c.node.i("batch_dims", 0);
  TupleOffsets from = tuple_offsets(x.shape(), index.shape(), index_values(c, 1), batch);
  Shape shape(index.shape().begin(), index.shape().end() - 1);
  shape.insert(shape.end(), x.shape().begin() + batch + index.shape().back(), x.shape().end());
  Tensor& y = c.out(0, x.dtype(), shape);
  if (y.size() == 0) return;
  Mover m(y, x);
  for (size_t i = 0; i < from.offsets.size(); ++i) m.copy(static_cast<int64_t>(i) * from.slice, from.offsets[i], from.slice);
}

}  // namespace

extern const OpDef gather_nd{
    .name = "GatherND",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since = 11,
    .since_of = [](const Node& n, std::span<const Type> in) { return n.has("batch_dims") ? std::max(12, since_dtypes(n, in)) : since_dtypes(n, in); },
};

}  // namespace mo::ops
