// Compress: the slices along an axis (or the elements of the flattened tensor) whose condition is true.
#include "ops/movement.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!c.node.has("axis")) return c.set(0, in.dtype, {Dim()});
  if (!in.ranked) return c.set_unranked(0, in.dtype);
  std::vector<Dim> dims = in.dims;
  dims[static_cast<size_t>(normal_axis(c.node.i("axis", 0), in.rank()))] = Dim();
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor &x = c.in(0), &condition = c.in(1);
  require(condition.rank() == 1, Code::shape, "condition must be a list, has shape ", condition.shape());
  bool flat = !c.node.has("axis");
  size_t axis = flat ? 0 : static_cast<size_t>(normal_axis(c.node.i("axis", 0), x.rank()));
  Shape shape = flat ? Shape{x.size()} : x.shape();
  int64_t dim = shape[axis], outer = product(shape, 0, axis), inner = product(shape, axis + 1, shape.size());
  std::vector<int64_t> taken;
  const bool* test = condition.data<bool>();
  for (int64_t i = 0; i < condition.size(); ++i) {
    if (!test[i]) continue;
    require(i < dim, Code::shape, "condition ", i, " is beyond the ", dim, " elements of the axis");
    taken.push_back(i);
  }
  shape[axis] = static_cast<int64_t>(taken.size());
  Tensor& y = c.out(0, x.dtype(), shape);
  if (y.size() == 0) return;
  Mover m(y, x);
  int64_t dst = 0;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i : taken) {
      m.copy(dst, (o * dim + i) * inner, inner);
      dst += inner;
    }
}

}  // namespace

extern const OpDef compress{
    .name = "Compress",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since = 9,
    .since_of = [](const Node& n, std::span<const Type> in) { return n.i("axis", 0) < 0 ? std::max(11, since_dtypes(n, in)) : since_dtypes(n, in); },
};

}  // namespace mo::ops
