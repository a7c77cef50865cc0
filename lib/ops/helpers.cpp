// Inference, cost and checks that many operators share.
#include "ops/helpers.h"

#include <algorithm>

#include "base/checked.h"

namespace mo::ops {

void infer_same(Infer& c) {
  const Type& in = c.input(0);
  c.output(0) = in.kind == Type::Kind::unknown ? Type::tensor(DType::undefined) : in;
}

void infer_same_as_bool(Infer& c) {
  infer_same(c);
  c.output(0).dtype = DType::boolean;
}

void infer_broadcast(Infer& c) {
  DType dtype = DType::undefined;
  bool ranked = true;
  std::vector<Dim> dims;
  for (size_t i = 0; i < c.inputs(); ++i) {
    const Type& in = c.input(i);
    if (in.dtype != DType::undefined) {
      require(dtype == DType::undefined || dtype == in.dtype, Code::type, "inputs of dtypes ", name(dtype), " and ", name(in.dtype));
      dtype = in.dtype;
    }
    ranked = ranked && in.ranked;
    if (ranked) dims = i == 0 ? in.dims : broadcast_dims(dims, in.dims);
  }
  if (ranked) c.set(0, dtype, std::move(dims));
  else c.set_unranked(0, dtype);
}

void infer_broadcast_bool(Infer& c) {
  infer_broadcast(c);
  c.output(0).dtype = DType::boolean;
}

DType dtype_attribute(const Node& node, std::string_view attribute, DType fallback) {
  if (!node.has(attribute)) return fallback;
  int64_t number = node.i(attribute, 0);
  require(number > 0 && number < 1000 && is_known(static_cast<DType>(number)), Code::type, "attribute ", attribute, ": no dtype has number ", number);
  return static_cast<DType>(number);
}

std::vector<Dim> unknown_dims(int64_t rank) { return std::vector<Dim>(static_cast<size_t>(rank)); }

std::vector<Dim> dims_of(std::span<const int64_t> shape) {
  std::vector<Dim> dims;
  for (int64_t d : shape) dims.push_back(known_dim(d));
  return dims;
}

void require_same_dtype(const Run& c, size_t a, size_t b) {
  require(c.dtype(a) == c.dtype(b), Code::type, "inputs ", a, " and ", b, " differ in dtype: ", name(c.dtype(a)), " and ", name(c.dtype(b)));
}

int64_t scalar_integer(const Run& c, size_t i) {
  const Tensor& t = c.in(i);
  require(t.size() == 1, Code::shape, "input ", i, " must hold one element, has shape ", t.shape());
  return t.integer(0);
}

double scalar_number(const Run& c, size_t i) {
  const Tensor& t = c.in(i);
  require(t.size() == 1, Code::shape, "input ", i, " must hold one element, has shape ", t.shape());
  return t.number(0);
}

std::vector<int64_t> integer_list(const Run& c, size_t i) {
  const Tensor& t = c.in(i);
  require(is_integer(t.dtype()), Code::type, "input ", i, " must be of integers, is ", name(t.dtype()));
  require(t.rank() <= 1, Code::shape, "input ", i, " must be a list, has shape ", t.shape());
  return t.integers();
}

std::vector<int64_t> index_values(const Run& c, size_t i) {
  const Tensor& t = c.in(i);
  require(t.dtype() == DType::i64 || t.dtype() == DType::i32, Code::type, "indices must be int32 or int64, are ", name(t.dtype()));
  return t.integers();
}

std::vector<int64_t> normal_axes(std::span<const int64_t> axes, int64_t rank) {
  std::vector<int64_t> out;
  for (int64_t a : axes) {
    a = normal_axis(a, rank);
    require(std::find(out.begin(), out.end(), a) == out.end(), Code::shape, "axis ", a, " is named twice");
    out.push_back(a);
  }
  return out;
}

std::vector<int64_t> strides_of(std::span<const int64_t> shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<int64_t>(shape[i], 1);
  return strides;
}

int64_t product(std::span<const int64_t> shape, size_t from, size_t to) { return checked_product(shape.subspan(from, to - from)); }

Cost cost_per_input(const CostQuery& q) {
  Cost cost;
  if (!q.inputs.empty() && q.inputs[0].is_static()) cost.flops = element_count(q.inputs[0].shape());
  return cost;
}

}  // namespace mo::ops
