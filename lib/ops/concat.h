// Joining tensors along an axis, shared by Concat and ConcatFromSequence.
#pragma once
#include "base/checked.h"
#include "ops/movement.h"

namespace mo::ops {

// Shape of the join; throws Code::shape / Code::type when the parts do not fit.
inline Shape concat_shape(std::span<const Tensor* const> parts, int64_t axis) {
  require(!parts.empty(), Code::shape, "nothing to concatenate");
  Shape shape = parts[0]->shape();
  axis = normal_axis(axis, static_cast<int64_t>(shape.size()));
  for (size_t k = 1; k < parts.size(); ++k) {
    const Shape& s = parts[k]->shape();
    require(parts[k]->dtype() == parts[0]->dtype(), Code::type, "input ", k, " is ", name(parts[k]->dtype()), ", input 0 ", name(parts[0]->dtype()));
    require(s.size() == shape.size(), Code::shape, "input ", k, " of shape ", s, " beside ", parts[0]->shape());
    for (size_t i = 0; i < s.size(); ++i) {
      if (static_cast<int64_t>(i) == axis) shape[i] = checked_add(shape[i], s[i]);
      else require(s[i] == shape[i], Code::shape, "input ", k, " of shape ", s, " beside ", parts[0]->shape(), ", axis ", axis);
    }
  }
  return shape;
}

inline void concat_into(Tensor& y, std::span<const Tensor* const> parts, int64_t axis) {
  size_t a = static_cast<size_t>(normal_axis(axis, y.rank()));
  int64_t outer = product(y.shape(), 0, a), row = product(y.shape(), a, y.shape().size()), at = 0;
  for (const Tensor* part : parts) {
    int64_t run = product(part->shape(), a, part->shape().size());
    if (part->size() == 0) continue;
    Mover m(y, *part);
    for (int64_t i = 0; i < outer; ++i) m.copy(i * row + at, i * run, run);
    at += run;
  }
}

}  // namespace mo::ops
