// Static types: construction, comparison, text.
#include "graph/graph.h"

namespace mo::graph {

Type Type::tensor(DType dtype, std::span<const int64_t> shape) {
  Type t = tensor(dtype);
  t.ranked = true;
  for (int64_t d : shape) t.dims.push_back({d, {}});
  return t;
}

Type Type::sequence_of(Type element) { return {Kind::sequence, DType::undefined, false, {}, std::make_shared<const Type>(std::move(element))}; }
Type Type::optional_of(Type element) { return {Kind::optional, DType::undefined, false, {}, std::make_shared<const Type>(std::move(element))}; }

bool Type::is_static() const {
  if (kind != Kind::tensor || dtype == DType::undefined || !ranked) return false;
  for (const Dim& d : dims)
    if (!d.known()) return false;
  return true;
}

Shape Type::shape() const {
  MO_ASSERT(is_static());
  Shape s;
  for (const Dim& d : dims) s.push_back(d.size);
  return s;
}

bool Type::operator==(const Type& o) const {
  if (kind != o.kind || dtype != o.dtype || ranked != o.ranked || dims != o.dims || !element != !o.element) return false;
  return !element || *element == *o.element;
}

std::string describe(const Type& type) {
  switch (type.kind) {
    case Type::Kind::unknown: return "?";
    case Type::Kind::sequence: return "seq(" + (type.element ? describe(*type.element) : "?") + ")";
    case Type::Kind::optional: return "optional(" + (type.element ? describe(*type.element) : "?") + ")";
    case Type::Kind::map: return text("map(", name(type.dtype), ", ", type.element ? describe(*type.element) : std::string("?"), ")");
    default: break;
  }
  std::string out = type.kind == Type::Kind::sparse ? "sparse_" : "";
  out += type.dtype == DType::undefined ? "?" : name(type.dtype);
  if (!type.ranked) return out;
  out += "[";
  for (size_t i = 0; i < type.dims.size(); ++i) {
    if (i) out += ", ";
    const Dim& d = type.dims[i];
    out += d.known() ? text(d.size) : d.symbol.empty() ? "?" : printable(d.symbol);
  }
  return out + "]";
}

}  // namespace mo::graph
