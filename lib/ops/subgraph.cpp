// Types and data of subgraph operators.
#include "ops/subgraph.h"

namespace mo::ops {

Type common_type(const Type& a, const Type& b) {
  if (a == b) return a;
  if (a.kind != b.kind) return {};
  Type t;
  t.kind = a.kind;
  t.dtype = a.dtype == b.dtype ? a.dtype : DType::undefined;
  if (a.element && b.element) t.element = std::make_shared<const Type>(common_type(*a.element, *b.element));
  if (a.ranked && b.ranked && a.dims.size() == b.dims.size()) {
    t.ranked = true;
    for (size_t i = 0; i < a.dims.size(); ++i) t.dims.push_back(a.dims[i] == b.dims[i] ? a.dims[i] : Dim());
  }
  return t;
}

bool flag_of(const Datum& d, const char* what) {
  require(d.is_tensor() && d.tensor.size() == 1 && d.tensor.dtype() == DType::boolean, Code::type, what, " is ",
          d.is_tensor() ? describe(d.tensor) : std::string("no tensor"), ", wants one boolean");
  return d.tensor.number() != 0;
}

bool flag_input(const Run& c, size_t i) { return flag_of(c.datum(i), "the condition"); }

Type type_of(const Datum& d) { return d.is_tensor() ? Type::tensor(d.tensor.dtype(), d.tensor.shape()) : Type(); }

Tensor empty_scan(const Graph& body, size_t output, int64_t axis, std::span<const Type> inputs) {
  Graph copy = body;
  for (size_t i = 0; i < copy.inputs.size() && i < inputs.size(); ++i)
    if (inputs[i].is_tensor()) copy.value(copy.inputs[i]).type = inputs[i];
  infer_graph(copy);
  const Type& type = copy.value(copy.outputs[output]).type;
  Shape shape;
  for (const Dim& d : type.dims) shape.push_back(d.known() ? d.size : 0);
  shape.insert(shape.begin() + normal_axis(axis, static_cast<int64_t>(shape.size()) + 1), 0);
  return Tensor::zeros(type.dtype == DType::undefined ? DType::f32 : type.dtype, shape);
}

std::vector<Type> stable_types(Infer& c, const Graph& body, std::span<const Type> fixed, std::vector<Type>& carried, std::span<const Type> after,
                               size_t skip) {
  std::vector<Type> out;
  if (!c.infer_subgraph) return std::vector<Type>(body.outputs.size());
  // every turn loosens at least one dim, rank or dtype, so this ends; the bound is for ranks beyond reason
  for (int turn = 0; turn < 100; ++turn) {
    std::vector<Type> in(fixed.begin(), fixed.end());
    in.insert(in.end(), carried.begin(), carried.end());
    in.insert(in.end(), after.begin(), after.end());
    out = c.infer_subgraph(body, in);
    bool stable = true;
    for (size_t i = 0; i < carried.size() && i + skip < out.size(); ++i) {
      if (out[i + skip].kind == Type::Kind::unknown) continue;
      Type t = carried[i].kind == Type::Kind::unknown ? out[i + skip] : common_type(carried[i], out[i + skip]);
      if (t == carried[i]) continue;
      carried[i] = std::move(t);
      stable = false;
    }
    if (stable) break;
  }
  return out;
}

}  // namespace mo::ops
