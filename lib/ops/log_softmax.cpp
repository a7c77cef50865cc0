// LogSoftmax: y = x - max x - ln sum exp(x - max x) along one axis.
#include "ops/softmax.h"

namespace mo::ops {

namespace {

struct Row {
  template <class T>
  static void apply(const T* src, T* dst, int64_t n, int64_t stride) {
    using W = Compute<T>;
    const W top = line_max(src, n, stride);
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(std::exp(load(src[i * stride]) - top));
    const W shift = static_cast<W>(std::log(sum));
    for (int64_t i = 0; i < n; ++i) dst[i * stride] = store<T>(load(src[i * stride]) - top - shift);
  }
};

}  // namespace

extern const OpDef log_softmax{
    .name = "LogSoftmax",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_along_axis,
    .run = run_along_axis<Row>,
    .cost = elementwise_cost<8>,
    .since = 13,
};

}  // namespace mo::ops
