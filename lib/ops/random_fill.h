// Where random operators get their numbers: the node's `seed`, else the session's stream.
#pragma once
#include <bit>

#include "base/random.h"
#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

inline Random random_stream(const Run& c) {
  if (c.node.has("seed")) return Random(std::bit_cast<uint32_t>(c.node.f("seed", 0)));
  return Random(c.random ? c.random->next() : 0);
}

// Output 0 of the given shape, each element from draw().
template <class List, class F>
void fill_drawn(Run& c, DType dtype, const Shape& shape, F&& draw) {
  Tensor& y = c.out(0, dtype, shape);
  dispatch(List{}, dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* dst = y.mutable_data<T>();
    for (int64_t i = 0, n = y.size(); i < n; ++i) {
      if constexpr (is_narrow_float<T>) dst[i] = store<T>(draw());
      else dst[i] = number_as<T>(draw());
    }
  });
}

// The shape that attribute `shape` names.
inline Shape shape_attribute(const Node& n) {
  Shape s = n.ints("shape");
  element_count(s);
  return s;
}

inline void infer_drawn(Infer& c) { c.output(0) = Type::tensor(dtype_attribute(c.node, "dtype", DType::f32), shape_attribute(c.node)); }
inline void infer_drawn_like(Infer& c) {
  infer_same(c);
  c.output(0).dtype = dtype_attribute(c.node, "dtype", c.dtype(0));
}
inline int random_since(const Node& n, std::span<const Type> in) {
  return n.i("dtype", 1) == static_cast<int>(DType::bf16) ? 22 : since_dtypes(n, in);
}

}  // namespace mo::ops
