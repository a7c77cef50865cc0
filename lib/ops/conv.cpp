// Conv: y[n, m, o] = b[m] + sum over c, k of w[m, c, k] * x[n, c, o * stride + k * dilation - pad], in groups of channels.
#include "ops/compute.h"
#include "ops/convolve.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  expect_same_dtype(c, 0, 1);
  infer_conv(c, 0, 1, first_dtype(c, {0, 1, 2}));
}

void run(Run& c) {
  DType dtype = c.dtype();
  require_dtype(c, 1, dtype);
  ConvShape g = conv_shape(c.node, c.in(0).shape(), c.in(1).shape());
  if (c.has(2)) {
    require_dtype(c, 2, dtype);
    require_shape(c, 2, {g.out_channels});
  }
  with_float(dtype, [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0)), w = as<T>(c.in(1)), b = c.has(2) ? as<T>(c.in(2)) : Tensor();
    Result<T> y(c, 0, dtype, g.result());
    T* dst = y.data();
    convolve<T, double>(g, x.data<T>(), w.data<T>(), [&](int64_t n, int64_t m, const double* plane) {
      check(c.control);
      double bias = b ? static_cast<double>(b.data<T>()[m]) : 0.0;
      T* out = dst + (n * g.out_channels + m) * g.out_plane;
      for (int64_t i = 0; i < g.out_plane; ++i) out[i] = static_cast<T>(plane[i] + bias);
    });
    y.finish();
  });
}

Cost cost(const CostQuery& q) { return conv_cost(q, 1); }

}  // namespace

extern const OpDef conv{
    .name = "Conv", .min_inputs = 2, .max_inputs = 3, .infer = infer, .run = run, .cost = cost, .since = 7, .since_of = since_bf16<7, 22>};

}  // namespace mo::ops
