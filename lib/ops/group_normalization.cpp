// GroupNormalization: y = scale * (x - mean) / sqrt(var + epsilon) + bias, statistics per sample and group of channels, scale per channel.
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
  require(shape.size() >= 2, Code::shape, "X has shape ", shape, ", wants [n, c, spatial...]");
  int64_t channels = shape[1], groups = c.node.i("num_groups", 0), plane = checked_product(std::span(shape).subspan(2));
  require(groups >= 1 && channels % groups == 0, Code::shape, channels, " channels in ", groups, " groups");
  require_shape(c, 1, {channels});
  require_shape(c, 2, {channels});
  stash_dtype(c.node);
  double epsilon = c.node.f("epsilon", 1e-5f);
  std::vector<double> scale = doubles(c.in(1)), bias = doubles(c.in(2));
  int64_t per_group = channels / groups, count = checked_mul(per_group, plane);
  with_float(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    Result<T> y(c, 0, c.dtype(), shape);
    T* dst = y.data();
    for (int64_t g = 0; count > 0 && g < shape[0] * groups; ++g) {
      const T* src = x.data<T>() + g * count;
      Moments m = moments(src, count);
      double factor = 1 / std::sqrt(m.variance + epsilon);
      for (int64_t i = 0; i < count; ++i) {
        size_t k = static_cast<size_t>(g % groups * per_group + i / plane);
        dst[g * count + i] = static_cast<T>((static_cast<double>(src[i]) - m.mean) * factor * scale[k] + bias[k]);
      }
    }
    y.finish();
  });
}

}  // namespace

extern const OpDef group_normalization{
    .name = "GroupNormalization", .min_inputs = 3, .max_inputs = 3, .infer = infer, .run = run, .cost = normalize_cost, .since = 21};

}  // namespace mo::ops
