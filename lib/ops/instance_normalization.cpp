// InstanceNormalization: y = scale * (x - mean) / sqrt(var + epsilon) + b, statistics per plane of [n, c, spatial...].
#include "ops/normalize.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  same_type(c);
  expect_rank(c, 1, 1);
  expect_rank(c, 2, 1);
}

void run(Run& c) {
  const Shape& shape = c.in(0).shape();
  require(shape.size() >= 2, Code::shape, "input has shape ", shape, ", wants [n, c, spatial...]");
  int64_t channels = shape[1], plane = checked_product(std::span(shape).subspan(2)), planes = checked_mul(shape[0], channels);
  require_shape(c, 1, {channels});
  require_shape(c, 2, {channels});
  double epsilon = c.node.f("epsilon", 1e-5f);
  std::vector<double> scale = doubles(c.in(1)), bias = doubles(c.in(2));
  with_float(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    Result<T> y(c, 0, c.dtype(), shape);
    T* dst = y.data();
    for (int64_t p = 0; p < planes; ++p) {
      const T* src = x.data<T>() + p * plane;
      Moments m = moments(src, plane);
      double factor = scale[static_cast<size_t>(p % channels)] / std::sqrt(m.variance + epsilon), add = bias[static_cast<size_t>(p % channels)];
      for (int64_t i = 0; i < plane; ++i) dst[p * plane + i] = static_cast<T>((static_cast<double>(src[i]) - m.mean) * factor + add);
    }
    y.finish();
  });
}

}  // namespace

extern const OpDef instance_normalization{.name = "InstanceNormalization",
                                          .min_inputs = 3,
                                          .max_inputs = 3,
                                          .infer = infer,
                                          .run = run,
                                          .cost = normalize_cost,
                                          .since = 7,
                                          .since_of = since_bf16<7, 22>};

}  // namespace mo::ops
