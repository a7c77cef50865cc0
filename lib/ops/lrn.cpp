// LRN: y = x / (bias + alpha / size * sum of squares over neighbouring channels)^beta.
#include "ops/normalize.h"

namespace mo::ops {
namespace {

void infer(Infer& c) { same_type(c); }

void run(Run& c) {
  const Shape& shape = c.in(0).shape();
  require(shape.size() >= 2, Code::shape, "X has shape ", shape, ", wants [n, c, spatial...]");
  int64_t size = c.node.i("size", 0), channels = shape[1], plane = checked_product(std::span(shape).subspan(2));
  require(size >= 1, Code::invalid_argument, "size is ", size);
  double alpha = c.node.f("alpha", 1e-4f), beta = c.node.f("beta", 0.75f), bias = c.node.f("bias", 1);
  int64_t before = (size - 1) / 2, after = size - 1 - before;
  with_float(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    Result<T> y(c, 0, c.dtype(), shape);
    for (int64_t n = 0; n < shape[0]; ++n)
      for (int64_t k = 0; k < channels; ++k)
        for (int64_t i = 0; i < plane; ++i) {
          const T* src = x.data<T>() + n * channels * plane + i;
          double sum = 0;
          int64_t last = after < channels - k ? k + after : channels - 1;
          for (int64_t j = k > before ? k - before : 0; j <= last; ++j)
            sum += static_cast<double>(src[j * plane]) * static_cast<double>(src[j * plane]);
          y.data()[(n * channels + k) * plane + i] =
              static_cast<T>(static_cast<double>(src[k * plane]) / std::pow(bias + alpha / static_cast<double>(size) * sum, beta));
        }
    y.finish();
  });
}

}  // namespace

extern const OpDef lrn{
    .name = "LRN", .min_inputs = 1, .max_inputs = 1, .infer = infer, .run = run, .cost = normalize_cost, .since = 7, .since_of = since_bf16<7, 13>};

}  // namespace mo::ops
