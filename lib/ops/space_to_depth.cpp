// SpaceToDepth: [n, c, h, w] to [n, c b^2, h / b, w / b], the inverse of DepthToSpace.
#include "ops/space_depth.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  int64_t b = block_size(c.node);
  if (!in.ranked) return c.set(0, in.dtype, unknown_dims(4));
  require(in.rank() == 4, Code::shape, "rank ", in.rank(), ", wanted 4");
  std::vector<Dim> dims = in.dims;
  dims[1] = dims[1].known() ? known_dim(checked_mul(dims[1].size, checked_mul(b, b))) : Dim();
  for (size_t i = 2; i < 4; ++i) {
    require(!dims[i].known() || dims[i].size % b == 0, Code::shape, "axis ", i, " of ", dims[i].size, " for blocks of ", b);
    dims[i] = dims[i].known() ? known_dim(dims[i].size / b) : Dim();
  }
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  int64_t b = block_size(c.node);
  require(x.rank() == 4, Code::shape, "rank ", x.rank(), ", wanted 4");
  int64_t n = x.dim(0), depth = x.dim(1), h = x.dim(2), w = x.dim(3);
  require(h % b == 0 && w % b == 0, Code::shape, "shape ", x.shape(), " for blocks of ", b);
  Tensor& y = c.out(0, x.dtype(), {n, checked_mul(depth, b * b), h / b, w / b});
  Shape split{n, depth, h / b, b, w / b, b};
  if (depth_first(c.node)) permute_split(y, x, split, std::vector<int64_t>{0, 3, 5, 1, 2, 4});
  else permute_split(y, x, split, std::vector<int64_t>{0, 1, 3, 5, 2, 4});
}

}  // namespace

extern const OpDef space_to_depth{
    .name = "SpaceToDepth",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since_of = space_depth_since,
};

}  // namespace mo::ops
