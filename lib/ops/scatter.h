// Writing updates into a copy of the data, with the reductions none, add, mul, max, min.
#pragma once
#include "ops/binary.h"
#include "ops/index_walk.h"

namespace mo::ops {

enum class ScatterReduction { none, add, mul, max, min };

inline ScatterReduction scatter_reduction(const Node& n) {
  std::string s = n.s("reduction", "none");
  if (s == "none") return ScatterReduction::none;
  if (s == "add") return ScatterReduction::add;
  if (s == "mul") return ScatterReduction::mul;
  if (s == "max") return ScatterReduction::max;
  if (s == "min") return ScatterReduction::min;
  fail(Code::format, "reduction must be none, add, mul, max or min, got ", printable(s));
}

// dst[offsets[i] ... + slice) gets updates[i * slice ...).
inline void scatter_slices(Tensor& dst, const Tensor& updates, std::span<const int64_t> offsets, int64_t slice, ScatterReduction how) {
  if (how == ScatterReduction::none) {
    Mover m(dst, updates);
    for (size_t i = 0; i < offsets.size(); ++i) m.copy(offsets[i], static_cast<int64_t>(i) * slice, slice);
    return;
  }
  dispatch(Numbers{}, dst.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using W = Compute<T>;
    T* y = dst.mutable_data<T>();
    const T* u = updates.data<T>();
    for (int64_t offset : offsets)
      for (int64_t k = 0; k < slice; ++k, ++u) {
        W a = load(y[offset + k]), b = load(*u), r = b;
        switch (how) {
          case ScatterReduction::add: r = wrap_add(a, b); break;
          case ScatterReduction::mul: r = wrap_mul(a, b); break;
          case ScatterReduction::max: r = a != a || a > b ? a : b; break;
          case ScatterReduction::min: r = a != a || a < b ? a : b; break;
          case ScatterReduction::none: break;
        }
        y[offset + k] = store<T>(r);
      }
  });
}

// Output 0 as a copy of input 0.
inline Tensor& copy_of_data(Run& c) {
  const Tensor& x = c.in(0);
  Tensor& y = c.out(0, x.dtype(), x.shape());
  if (x.size() > 0) Mover(y, x).copy(0, 0, x.size());
  return y;
}

inline int scatter_since(const Node& n, std::span<const Type> in) {
  int base = since_dtypes(n, in);
  switch (scatter_reduction(n)) {
    case ScatterReduction::none: return n.has("reduction") ? std::max(base, 16) : base;
    case ScatterReduction::add:
    case ScatterReduction::mul: return std::max(base, 16);
    default: return std::max(base, 18);
  }
}

}  // namespace mo::ops
