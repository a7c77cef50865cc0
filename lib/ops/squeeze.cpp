// Squeeze: drops axes of size 1, those named by input 1 or all.
#include <algorithm>

#include "ops/helpers.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  auto axes = c.known_ints(1);
  if (!in.ranked || (c.has(1) && !axes)) return c.set_unranked(0, in.dtype);
  std::vector<Dim> dims;
  if (axes) {
    std::vector<int64_t> drop = normal_axes(*axes, in.rank());
    for (int64_t i = 0; i < in.rank(); ++i) {
      const Dim& d = in.dims[static_cast<size_t>(i)];
      if (std::find(drop.begin(), drop.end(), i) == drop.end()) dims.push_back(d);
      else require(!d.known() || d.size == 1, Code::shape, "cannot squeeze axis ", i, " of size ", d.size);
    }
  } else {
    for (const Dim& d : in.dims) {
      if (!d.known()) return c.set_unranked(0, in.dtype);
      if (d.size != 1) dims.push_back(d);
    }
  }
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  Shape shape;
  std::vector<int64_t> drop;
  if (c.has(1)) drop = normal_axes(integer_list(c, 1), x.rank());
  for (int64_t i = 0; i < x.rank(); ++i) {
    int64_t d = x.shape()[static_cast<size_t>(i)];
    bool named = std::find(drop.begin(), drop.end(), i) != drop.end();
    require(!named || d == 1, Code::shape, "cannot squeeze axis ", i, " of shape ", x.shape());
    if (c.has(1) ? !named : d != 1) shape.push_back(d);
  }
  c.out(0, x.reshaped(std::move(shape)));
}

}  // namespace

extern const OpDef squeeze{
    .name = "Squeeze",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .flags = k_movement | k_shares,
    .since = 13,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
