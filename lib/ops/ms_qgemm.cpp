// QGemm of com.microsoft: alpha * (A B + C) of 8-bit matrices, A with one scale, B with one or one per column, C int32 on the scale of the products;
// rounded to 8 bits when there is a y_scale, else float.
#include "ops/compute.h"
#include "ops/product.h"
#include "ops/qlinear.h"
#include "ops/quantized.h"

namespace mo::ops {
namespace {

enum : size_t { A, a_scale, a_zero, B, b_scale, b_zero, C, y_scale, y_zero };

void infer(Infer& c) {
  expect_rank(c, A, 2);
  expect_rank(c, B, 2);
  qlinear_dtype(c, a_zero, A);
  qlinear_dtype(c, b_zero, B);
  const bool ta = c.node.i("transA", 0) != 0, tb = c.node.i("transB", 0) != 0;
  same_dim(dim_of(c, A, ta ? 0 : 1), dim_of(c, B, tb ? 1 : 0), "inner dimensions of a product differ");
  c.set(0, c.has(y_scale) ? qlinear_dtype(c, y_zero, A) : DType::f32, {dim_of(c, A, ta ? 1 : 0), dim_of(c, B, tb ? 0 : 1)});
}

void run(Run& c) {
  require_rank(c, A, 2);
  require_rank(c, B, 2);
  for (size_t i : {A, B}) require(is_8bit(c.dtype(i)), Code::type, "input ", i, " is ", name(c.dtype(i)), ", wants int8 or uint8");
  const bool ta = c.node.i("transA", 0) != 0, tb = c.node.i("transB", 0) != 0;
  const int64_t columns = c.in(B).dim(tb ? 0 : 1);
  const PerChannel as(&c.in(a_scale), 1, 1, "a_scale"), az(c.in_or_null(a_zero), 1, 0, "a_zero_point");
  const PerChannel bs(&c.in(b_scale), columns, 1, "b_scale"), bz(c.in_or_null(b_zero), columns, 0, "b_zero_point");
  // int32 sums wrap as everywhere
  auto whole = [&](size_t i, const PerChannel& zero, int64_t channels, int64_t inner) {
    const std::vector<uint32_t> q = centered(c.in(i), zero, channels, inner);
    return Tensor::of<int32_t>(c.in(i).shape(), std::span(reinterpret_cast<const int32_t*>(q.data()), q.size()));
  };
  std::vector<Tensor> operands{whole(A, az, 1, 1), whole(B, bz, std::max<int64_t>(columns, 1), tb ? std::max<int64_t>(c.in(B).dim(1), 1) : 1)};
  if (c.has(C)) {
    require_dtype(c, C, DType::i32);
    operands.push_back(c.in(C));
  }
  const Tensor sums = result_of("Gemm", operands, {{"transA", int64_t{ta}}, {"transB", int64_t{tb}}});
  const float alpha = c.node.f("alpha", 1), a = static_cast<float>(as[0]);
  auto factor = [&](int64_t column) { return alpha * a * static_cast<float>(bs[column]); };
  const int32_t* sum = sums.data<int32_t>();
  if (!c.has(y_scale)) {
    float* dst = c.out(0, DType::f32, sums.shape()).mutable_data<float>();
    for (int64_t i = 0; i < sums.size(); ++i) dst[i] = static_cast<float>(sum[i]) * factor(i % columns);
    return;
  }
  const PerChannel ys(&c.in(y_scale), 1, 1, "y_scale"), yz(c.in_or_null(y_zero), 1, 0, "y_zero_point");
  const DType dtype = c.has(y_zero) ? c.dtype(y_zero) : c.dtype(A);
  require(is_8bit(dtype), Code::type, "y_zero_point is ", name(dtype), ", wants int8 or uint8");
  auto* dst = static_cast<uint8_t*>(c.out(0, dtype, sums.shape()).raw_mutable());
  for (int64_t i = 0; i < sums.size(); ++i) {
    const float v = static_cast<float>(sum[i]) * (factor(i % columns) / static_cast<float>(ys[0]));
    dst[i] = static_cast<uint8_t>(quantize(v, static_cast<int64_t>(yz[0]), int_range(dtype)));
  }
}

Cost cost(const CostQuery& q) {
  Cost r;
  if (q.inputs[A].is_static() && q.inputs[B].is_static() && q.inputs[A].rank() == 2 && q.inputs[B].rank() == 2)
    r.macs = element_count(q.inputs[A].shape()) * q.inputs[B].shape()[q.node.i("transB", 0) ? 0 : 1];
  return r;
}

}  // namespace

extern const OpDef ms_qgemm{
    .name = "QGemm", .domain = "com.microsoft", .min_inputs = 6, .max_inputs = 9, .infer = infer, .run = run, .cost = cost, .since = 1};

}  // namespace mo::ops
