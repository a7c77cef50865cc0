// RMSNormalization: y = x / sqrt(mean(x^2) + epsilon) * scale, the mean over the axes from `axis` on.
#include "ops/normalize.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  same_type(c);
  if (c.dtype(1) != DType::undefined) c.output().dtype = c.dtype(1);
  if (c.rank() >= 0) normal_axis(c.node.i("axis", -1), c.rank());
}

void run(Run& c) {
  const Shape& shape = c.in(0).shape();
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", -1), c.in(0).rank()));
  int64_t outer = checked_product(std::span(shape).first(axis)), inner = checked_product(std::span(shape).subspan(axis));
  double epsilon = c.node.f("epsilon", 1e-5f);
  Spread scale(&c.in(1), shape, 1, "scale");
  with_float(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    Result<T> y(c, 0, c.dtype(1), shape);
    T* dst = y.data();
    for (int64_t o = 0; o < outer; ++o) {
      const T* src = x.data<T>() + o * inner;
      double sum = 0;
      for (int64_t i = 0; i < inner; ++i) sum += static_cast<double>(src[i]) * static_cast<double>(src[i]);
      double factor = inner > 0 ? 1 / std::sqrt(sum / static_cast<double>(inner) + epsilon) : 0;
      for (int64_t i = 0; i < inner; ++i) dst[o * inner + i] = static_cast<T>(static_cast<double>(src[i]) * factor * scale[o * inner + i]);
    }
    y.finish();
  });
}

}  // namespace

extern const OpDef rms_normalization{
    .name = "RMSNormalization", .min_inputs = 2, .max_inputs = 2, .infer = infer, .run = run, .cost = normalize_cost, .since = 23};

}  // namespace mo::ops
