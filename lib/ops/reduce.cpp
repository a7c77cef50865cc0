// Reductions over axes: axes from attribute and input, shapes of results.
#include "ops/reduce.h"

#include <algorithm>

namespace mo::ops {

namespace {

std::vector<int64_t> reduced_axes(const Node& n, std::vector<int64_t> axes, int64_t rank) {
  if (axes.empty() && n.i("noop_with_empty_axes", 0) == 0)
    for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  return normal_axes(axes, rank);
}

}  // namespace

void infer_reduce(Infer& c) {
  const Type& in = c.input(0);
  bool keep = c.node.i("keepdims", 1) != 0;
  auto axes = c.has(1) ? c.known_ints(1) : std::vector<int64_t>{};
  if (!in.ranked) return c.set_unranked(0, in.dtype);
  if (!axes) return keep ? c.set(0, in.dtype, unknown_dims(in.rank())) : c.set_unranked(0, in.dtype);
  std::vector<int64_t> gone = reduced_axes(c.node, *axes, in.rank());
  std::vector<Dim> dims;
  for (int64_t i = 0; i < in.rank(); ++i) {
    if (std::find(gone.begin(), gone.end(), i) == gone.end()) dims.push_back(in.dims[static_cast<size_t>(i)]);
    else if (keep) dims.push_back(known_dim(1));
  }
  c.set(0, in.dtype, std::move(dims));
}

ReducePlan plan_reduce(const Run& c) {
  const Shape& shape = c.in(0).shape();
  std::vector<int64_t> axes = c.has(1) ? integer_list(c, 1) : std::vector<int64_t>{};
  bool keep = c.node.i("keepdims", 1) != 0;
  std::vector<int64_t> gone = reduced_axes(c.node, std::move(axes), static_cast<int64_t>(shape.size()));
  ReducePlan p;
  p.kept = shape;
  for (int64_t axis : gone) {
    p.count *= shape[static_cast<size_t>(axis)];
    p.kept[static_cast<size_t>(axis)] = 1;
  }
  for (size_t i = 0; i < shape.size(); ++i)
    if (keep || std::find(gone.begin(), gone.end(), static_cast<int64_t>(i)) == gone.end()) p.result.push_back(p.kept[i]);
  return p;
}

}  // namespace mo::ops
