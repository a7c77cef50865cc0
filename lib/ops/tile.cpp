// Tile: repeats a tensor along each axis.
#include "base/checked.h"
#include "ops/movement.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) return c.set_unranked(0, in.dtype);
  std::vector<Dim> dims = unknown_dims(in.rank());
  if (auto repeats = c.known_ints(1)) {
    require(static_cast<int64_t>(repeats->size()) == in.rank(), Code::shape, repeats->size(), " repeats for rank ", in.rank());
    for (size_t i = 0; i < dims.size(); ++i) {
      int64_t r = (*repeats)[i];
      require(r >= 0, Code::shape, "negative repeat ", r);
      if (in.dims[i].known()) dims[i] = known_dim(checked_mul(in.dims[i].size, r));
      else if (r == 1) dims[i] = in.dims[i];
    }
  }
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  std::vector<int64_t> repeats = integer_list(c, 1);
  require(static_cast<int64_t>(repeats.size()) == x.rank(), Code::shape, repeats.size(), " repeats for shape ", x.shape());
  Shape shape = x.shape();
  // Each axis becomes two: the repeat, over which the source stands still, and the axis itself.
  std::vector<int64_t> extents, from, own = strides_of(x.shape());
  for (size_t i = 0; i < shape.size(); ++i) {
    require(repeats[i] >= 0, Code::shape, "negative repeat ", repeats[i]);
    extents.insert(extents.end(), {repeats[i], shape[i]});
    from.insert(from.end(), {0, own[i]});
    shape[i] = checked_mul(shape[i], repeats[i]);
  }
  Tensor& y = c.out(0, x.dtype(), shape);
  if (y.size() > 0) copy_box(y, 0, strides_of(extents), x, 0, from, extents);
}

}  // namespace

extern const OpDef tile{
    .name = "Tile",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
