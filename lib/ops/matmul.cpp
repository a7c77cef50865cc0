// MatMul: y = a b with the shape rules of numpy.matmul.
#include "ops/compute.h"
#include "ops/product.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  expect_same_dtype(c, 0, 1);
  infer_product(c, 0, 1, first_dtype(c, {0, 1}));
}

void run(Run& c) {
  DType dtype = c.dtype();
  require_dtype(c, 1, dtype);
  ProductShape p = product_shape(c.in(0).shape(), c.in(1).shape());
  with_product_type(dtype, [&](auto zero) {
    using T = decltype(zero);
    using Acc = typename SumOf<T>::type;
    Tensor a = as<T>(c.in(0)), b = as<T>(c.in(1));
    Result<T> y(c, 0, dtype, p.out);
    T* dst = y.data();
    for_each_matrix(p, [&](int64_t ao, int64_t bo, int64_t yo) {
      multiply<Acc>(p.m, p.n, p.k, Matrix<T>{a.data<T>() + ao, p.k, 1}, Matrix<T>{b.data<T>() + bo, p.n, 1}, [&](int64_t i, const Acc* sums) {
        for (int64_t j = 0; j < p.n; ++j) dst[yo + i * p.n + j] = static_cast<T>(sums[j]);
      });
      check(c.control);
    });
    y.finish();
  });
}

Cost cost(const CostQuery& q) { return product_cost(q, 0); }

int since(const Node&, std::span<const Type> inputs) {
  if (inputs.empty()) return 7;
  if (inputs[0].dtype == DType::bf16) return 13;
  return is_integer(inputs[0].dtype) ? 9 : 7;
}

}  // namespace

extern const OpDef matmul{
    .name = "MatMul", .min_inputs = 2, .max_inputs = 2, .infer = infer, .run = run, .cost = cost, .since = 7, .since_of = since};

}  // namespace mo::ops
