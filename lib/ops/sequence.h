// Helpers of the sequence and optional operators.
#pragma once
#include "ops/movement.h"

namespace mo::ops {

inline const std::vector<Datum>& items_of(const Run& c, size_t i) {
  const Datum& d = c.datum(i);
  require(d.is_sequence(), Code::type, "input ", i, " is not a sequence");
  return *d.items;
}

// A tensor that may outlive this run: memory borrowed from the plan's arena is copied.
inline Tensor kept(const Tensor& t) { return t.owns() ? t : t.clone(); }

// Element type of a sequence-typed input; a tensor of unknown dtype when not known.
inline Type element_type(const Infer& c, size_t i) {
  const Type& t = c.input(i);
  require(t.kind == Type::Kind::sequence || t.kind == Type::Kind::unknown, Code::type, "input ", i, " is not a sequence");
  return t.element ? *t.element : Type::tensor(DType::undefined);
}

// A type that covers both: differing dims, ranks or dtypes become unknown.
inline Type common_type(Type a, const Type& b) {
  if (a.kind == Type::Kind::unknown) return b;
  if (b.kind == Type::Kind::unknown) return a;
  if (a.dtype == DType::undefined) a.dtype = b.dtype;
  if (!a.ranked || !b.ranked || a.dims.size() != b.dims.size()) {
    a.ranked = false;
    a.dims.clear();
  }
  for (size_t i = 0; i < a.dims.size(); ++i)
    if (!(a.dims[i] == b.dims[i])) a.dims[i] = Dim();
  return a;
}

}  // namespace mo::ops
