// MatMulIntegerToFloat of com.microsoft: A B of 8-bit operands as float32, A with one scale, B with one or one per column, plus a bias.
#include "ops/compute.h"
#include "ops/product.h"
#include "ops/qlinear.h"
#include "ops/quantized.h"

namespace mo::ops {
namespace {

enum : size_t { A, B, a_scale, b_scale, a_zero, b_zero, bias };

void infer(Infer& c) {
  qlinear_dtype(c, a_zero, A);
  qlinear_dtype(c, b_zero, B);
  infer_product(c, A, B, DType::f32);
}

void run(Run& c) {
  const Tensor zero[] = {c.in(A), c.in(B), c.has(a_zero) ? c.in(a_zero) : Tensor(), c.has(b_zero) ? c.in(b_zero) : Tensor()};
  const Tensor sums = result_of("MatMulInteger", zero);
  const int64_t columns = c.in(B).rank() >= 2 ? c.in(B).shape().back() : 1;
  const PerChannel as(&c.in(a_scale), 1, 1, "a_scale"), bs(&c.in(b_scale), columns, 1, "b_scale");
  if (c.has(bias)) require_shape(c, bias, {columns});
  const float* shift = c.has(bias) ? c.in(bias).data<float>() : nullptr;
  const int32_t* sum = sums.data<int32_t>();
  float* dst = c.out(0, DType::f32, sums.shape()).mutable_data<float>();
  for (int64_t i = 0; i < sums.size(); ++i) {
    const int64_t column = i % columns;
    dst[i] = static_cast<float>(sum[i]) * (static_cast<float>(as[0]) * static_cast<float>(bs[column])) + (shift ? shift[column] : 0.0f);
  }
}

}  // namespace

extern const OpDef ms_matmul_integer_to_float{.name = "MatMulIntegerToFloat",
                                              .domain = "com.microsoft",
                                              .min_inputs = 4,
                                              .max_inputs = 7,
                                              .infer = infer,
                                              .run = run,
                                              .cost = [](const CostQuery& q) { return product_cost(q, A); },
                                              .since = 1};

}  // namespace mo::ops
