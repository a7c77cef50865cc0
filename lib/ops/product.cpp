// Shapes and cost of matrix products.
#include "ops/product.h"

#include <algorithm>

#include "base/checked.h"
#include "ops/compute.h"

namespace mo::ops {

namespace {

std::vector<int64_t> batch_strides(const Shape& shape, size_t own_batch, size_t batch_rank, int64_t matrix) {
  std::vector<int64_t> strides(batch_rank, 0);
  int64_t step = matrix;
  for (size_t i = 0; i < own_batch; ++i) {
    size_t axis = own_batch - 1 - i;
    if (shape[axis] != 1) strides[batch_rank - 1 - i] = step;
    step = checked_mul(step, shape[axis]);
  }
  return strides;
}

}  // namespace

ProductShape product_shape(const Shape& a, const Shape& b) {
  require(!a.empty() && !b.empty(), Code::shape, "operands of shape ", a, " and ", b, " have no matrix product");
  ProductShape p;
  bool a_vector = a.size() == 1, b_vector = b.size() == 1;
  p.m = a_vector ? 1 : a[a.size() - 2];
  p.k = a.back();
  p.n = b_vector ? 1 : b.back();
  int64_t b_k = b_vector ? b[0] : b[b.size() - 2];
  require(p.k == b_k, Code::shape, "operands of shape ", a, " and ", b, " have no matrix product");
  size_t a_batch = a_vector ? 0 : a.size() - 2, b_batch = b_vector ? 0 : b.size() - 2;
  p.batch = broadcast(std::span(a).first(a_batch), std::span(b).first(b_batch));
  p.a_stride = batch_strides(a, a_batch, p.batch.size(), checked_mul(p.m, p.k));
  p.b_stride = batch_strides(b, b_batch, p.batch.size(), checked_mul(p.k, p.n));
  p.out = p.batch;
  if (!a_vector) p.out.push_back(p.m);
  if (!b_vector) p.out.push_back(p.n);
  return p;
}

void infer_product(Infer& c, size_t ai, size_t bi, DType dtype) {
  const Type &a = c.input(ai), &b = c.input(bi);
  if (!a.ranked || !b.ranked) return c.set_unranked(0, dtype);
  require(!a.dims.empty() && !b.dims.empty(), Code::shape, "operands ", describe(a), " and ", describe(b), " have no matrix product");
  bool a_vector = a.dims.size() == 1, b_vector = b.dims.size() == 1;
  same_dim(a.dims.back(), b_vector ? b.dims[0] : b.dims[b.dims.size() - 2], "inner dimensions of a product differ");
  auto batch = [](const Type& t) { return t.dims.size() < 2 ? std::vector<Dim>() : std::vector<Dim>(t.dims.begin(), t.dims.end() - 2); };
  std::vector<Dim> dims = broadcast_dims(batch(a), batch(b));
  if (!a_vector) dims.push_back(a.dims[a.dims.size() - 2]);
  if (!b_vector) dims.push_back(b.dims.back());
  c.set(0, dtype, std::move(dims));
}

Cost product_cost(const CostQuery& q, size_t a) {
  Cost cost;
  if (q.outputs.empty() || !q.outputs[0].is_static() || a >= q.inputs.size() || !q.inputs[a].is_static() || q.inputs[a].dims.empty()) return cost;
  cost.macs = checked_mul(element_count(q.outputs[0].shape()), q.inputs[a].dims.back().size);
  return cost;
}

}  // namespace mo::ops
