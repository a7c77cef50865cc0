// Concat: joins tensors along an axis.
#include "ops/concat.h"
#include "base/checked.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  DType dtype = DType::undefined;
  std::vector<Dim> dims;
  bool first = true;
  int64_t total = 0;
  size_t axis = 0;
  for (size_t k = 0; k < c.inputs(); ++k) {
    const Type& in = c.input(k);
    if (dtype == DType::undefined) dtype = in.dtype;
    require(in.dtype == DType::undefined || in.dtype == dtype, Code::type, "input ", k, " is ", name(in.dtype), " beside ", name(dtype));
    if (!in.ranked) {
      total = -1;
      continue;
    }
    if (first) {
      dims = in.dims;
      axis = static_cast<size_t>(normal_axis(c.node.i("axis", 0), in.rank()));
      first = false;
    }
    require(in.dims.size() == dims.size(), Code::shape, "inputs of rank ", dims.size(), " and ", in.dims.size());
    for (size_t i = 0; i < dims.size(); ++i) {
      if (i == axis) continue;
      require(!dims[i].known() || !in.dims[i].known() || dims[i].size == in.dims[i].size, Code::shape, "axis ", i, " is ", dims[i].size, " and ",
              in.dims[i].size);
      if (!dims[i].known() && (in.dims[i].known() || dims[i].symbol.empty())) dims[i] = in.dims[i];
    }
    total = total < 0 || !in.dims[axis].known() ? -1 : checked_add(total, in.dims[axis].size);
  }
  if (first) return c.set_unranked(0, dtype);
  if (c.inputs() > 1) dims[axis] = total < 0 ? Dim() : known_dim(total);
  c.set(0, dtype, std::move(dims));
}

void run(Run& c) {
  std::vector<const Tensor*> parts;
  for (size_t k = 0; k < c.inputs(); ++k) parts.push_back(&c.in(k));
  int64_t axis = c.node.i("axis", 0);
  concat_into(c.out(0, c.dtype(0), concat_shape(parts, axis)), parts, axis);
}

}  // namespace

extern const OpDef concat{
    .name = "Concat",
    .min_inputs = 1,
    .max_inputs = -1,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since_of = [](const Node& n, std::span<const Type> in) { return n.i("axis", 0) < 0 ? std::max(11, since_dtypes(n, in)) : since_dtypes(n, in); },
};

}  // namespace mo::ops
