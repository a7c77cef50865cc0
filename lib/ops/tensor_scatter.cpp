// TensorScatter: a copy of a cache in which each sample's update is written along one axis from its write index on.
#include "ops/scatter.h"

namespace mo::ops {

namespace {

void run(Run& c) {
  const Tensor &cache = c.in(0), &update = c.in(1);
  require_same_dtype(c, 0, 1);
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", -2), cache.rank()));
  require(axis > 0, Code::shape, "axis must not be the batch axis");
  std::string mode = c.node.s("mode", "linear");
  require(mode == "linear" || mode == "circular", Code::format, "mode must be linear or circular, got ", printable(mode));
  Shape wanted = cache.shape();
  require(update.rank() == cache.rank(), Code::shape, "update of shape ", update.shape(), " for a cache of shape ", cache.shape());
  wanted[axis] = update.shape()[axis];
  int64_t room = cache.shape()[axis], steps = wanted[axis], batches = cache.shape()[0];
  require(update.shape() == wanted && steps <= room, Code::shape, "update of shape ", update.shape(), " for a cache of shape ", cache.shape());
  std::vector<int64_t> first(static_cast<size_t>(batches), 0);
  if (c.has(2)) {
    require(c.in(2).rank() == 1 && c.in(2).size() == batches, Code::shape, "write_indices of shape ", c.in(2).shape(), " for ", batches, " samples");
    first = index_values(c, 2);
    for (int64_t& i : first) {
      require(i >= 0 && (mode == "circular" || i <= room - steps), Code::shape, "write index ", i, " for ", steps, " of ", room, " steps");
      if (room > 0) i %= mode == "circular" ? room : room + 1;
    }
  }
  Tensor& y = copy_of_data(c);
  if (update.size() == 0) return;
  int64_t rows = product(cache.shape(), 1, axis), inner = product(cache.shape(), axis + 1, cache.shape().size());
  Mover m(y, update);
  for (int64_t r = 0; r < batches * rows; ++r)
    for (int64_t s = 0; s < steps; ++s) {
      int64_t at = first[static_cast<size_t>(r / rows)] + s;
      if (at >= room) at -= room;
      m.copy((r * room + at) * inner, (r * steps + s) * inner, inner);
    }
}

}  // namespace

extern const OpDef tensor_scatter{
    .name = "TensorScatter",
    .min_inputs = 2,
    .max_inputs = 3,
    .infer = infer_same,
    .run = run,
    .since = 24,
};

}  // namespace mo::ops
