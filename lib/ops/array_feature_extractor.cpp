// ArrayFeatureExtractor: the columns of the last axis that the indices name.
#include "ops/movement.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type &in = c.input(0), &index = c.input(1);
  if (!in.ranked || in.rank() == 0) return c.set_unranked(0, in.dtype);
  std::vector<Dim> dims = in.dims;
  int64_t count = 1;
  for (const Dim& d : index.dims) count = index.ranked && d.known() && count >= 0 && d.size < (1 << 30) && count < (1 << 30) ? count * d.size : -1;
  dims.back() = index.ranked && count >= 0 ? known_dim(count) : Dim();
  if (in.rank() == 1) dims.insert(dims.begin(), known_dim(1));
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  require(x.rank() >= 1, Code::shape, "data must have an axis");
  std::vector<int64_t> at = index_values(c, 1);
  int64_t columns = x.dim(-1);
  for (int64_t i : at) require(i >= 0 && i < columns, Code::shape, "index ", i, " outside [0, ", columns - 1, "]");
  Shape shape = x.shape();
  shape.back() = static_cast<int64_t>(at.size());
  if (x.rank() == 1) shape.insert(shape.begin(), 1);
  Tensor& y = c.out(0, x.dtype(), shape);
  if (y.size() == 0) return;
  Mover m(y, x);
  int64_t dst = 0;
  for (int64_t row = 0; row < x.size() / columns; ++row)
    for (int64_t i : at) m.copy(dst++, row * columns + i);
}

}  // namespace

extern const OpDef array_feature_extractor{
    .name = "ArrayFeatureExtractor",
    .domain = "ai.onnx.ml",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .since = 1,
};

}  // namespace mo::ops
