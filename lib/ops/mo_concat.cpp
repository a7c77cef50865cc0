// mo.Concat: concatenation of 8-bit tensors, each brought to the output's scale and zero point; docs/internal_operators.md defines it.
#include "base/checked.h"
#include "ops/fused.h"

namespace mo::ops {
namespace {

size_t parts(size_t inputs) {
  require(inputs >= 5 && (inputs - 2) % 3 == 0, Code::format, "takes two inputs and three per part, got ", inputs);
  return (inputs - 2) / 3;
}

void infer(Infer& c) {
  size_t count = parts(c.inputs());
  DType dtype = fused_dtype(c, 0, 1, DType::f32);
  std::vector<Dim> dims;
  for (size_t p = 0; p < count; ++p) {
    const Type& t = c.input(2 + 3 * p);
    if (!t.ranked) return c.set_unranked(0, dtype);
    size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", 0), t.rank()));
    if (p == 0) {
      dims = t.dims;
      continue;
    }
    require(dims.size() == t.dims.size(), Code::shape, "parts of rank ", dims.size(), " and ", t.dims.size());
    for (size_t a = 0; a < dims.size(); ++a) {
      if (a != axis) dims[a] = same_dim(dims[a], t.dims[a], "parts differ");
      else dims[a] = dims[a].known() && t.dims[a].known() ? known_dim(checked_add(dims[a].size, t.dims[a].size)) : Dim();
    }
  }
  c.set(0, dtype, std::move(dims));
}

void run(Run& c) {
  size_t count = parts(c.inputs());
  Shape shape = c.in(2).shape();
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", 0), c.in(2).rank()));
  for (size_t p = 1; p < count; ++p) {
    Shape s = c.in(2 + 3 * p).shape();
    require(s.size() == shape.size(), Code::shape, "parts of shape ", shape, " and ", s);
    for (size_t a = 0; a < s.size(); ++a) require(a == axis || s[a] == shape[a], Code::shape, "parts of shape ", shape, " and ", s);
    shape[axis] = checked_add(shape[axis], s[axis]);
  }
  FusedOutput y(c, 0, 1, DType::f32, shape);
  int64_t outer = checked_product(std::span(shape).first(axis)), inner = checked_product(std::span(shape).subspan(axis + 1)), at = 0;
  for (size_t p = 0; p < count; ++p) {
    std::vector<float> v = real_operand(c, 2 + 3 * p, 3 + 3 * p, 4 + 3 * p, 1);
    int64_t run_length = c.in(2 + 3 * p).shape()[axis] * inner;
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < run_length; ++i) y.put(o * shape[axis] * inner + at + i, v[static_cast<size_t>(o * run_length + i)]);
    at += run_length;
  }
}

}  // namespace

extern const OpDef mo_concat{.name = "Concat", .domain = "mo", .min_inputs = 5, .max_inputs = -1, .infer = infer, .run = run, .since = 1};

}  // namespace mo::ops
