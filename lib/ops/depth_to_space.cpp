// DepthToSpace: [n, c, h, w] to [n, c / b^2, h b, w b]; blocks come from the channels, block-major (DCR) or channel-major (CRD).
#include "ops/space_depth.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  int64_t b = block_size(c.node);
  if (!in.ranked) return c.set(0, in.dtype, unknown_dims(4));
  require(in.rank() == 4, Code::shape, "rank ", in.rank(), ", wanted 4");
  std::vector<Dim> dims = in.dims;
  int64_t square = checked_mul(b, b);
  require(!dims[1].known() || dims[1].size % square == 0, Code::shape, dims[1].size, " channels for blocks of ", b);
  dims[1] = dims[1].known() ? known_dim(dims[1].size / square) : Dim();
  for (size_t i = 2; i < 4; ++i) dims[i] = dims[i].known() ? known_dim(checked_mul(dims[i].size, b)) : Dim();
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  int64_t b = block_size(c.node);
  require(x.rank() == 4, Code::shape, "rank ", x.rank(), ", wanted 4");
  int64_t n = x.dim(0), channels = x.dim(1), h = x.dim(2), w = x.dim(3);
  require(channels % (b * b) == 0, Code::shape, channels, " channels for blocks of ", b);
  int64_t depth = channels / (b * b);
  Tensor& y = c.out(0, x.dtype(), {n, depth, checked_mul(h, b), checked_mul(w, b)});
  if (depth_first(c.node)) permute_split(y, x, {n, b, b, depth, h, w}, std::vector<int64_t>{0, 3, 4, 1, 5, 2});
  else permute_split(y, x, {n, depth, b, b, h, w}, std::vector<int64_t>{0, 1, 4, 2, 5, 3});
}

}  // namespace

extern const OpDef depth_to_space{
    .name = "DepthToSpace",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since_of = space_depth_since,
};

}  // namespace mo::ops
