// Hardmax: 1 at the first largest element along one axis, 0 elsewhere.
#include "ops/softmax.h"

namespace mo::ops {

namespace {

struct Row {
  template <class T>
  static void apply(const T* src, T* dst, int64_t n, int64_t stride) {
    const Compute<T> top = line_max(src, n, stride);
    bool found = false;
    for (int64_t i = 0; i < n; ++i) {
      bool here = !found && load(src[i * stride]) == top;
      found = found || here;
      dst[i * stride] = store<T>(here ? 1.0f : 0.0f);
    }
  }
};

}  // namespace

extern const OpDef hardmax{
    .name = "Hardmax",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_along_axis,
    .run = run_along_axis<Row>,
    .cost = elementwise_cost<2>,
    .since = 13,
};

}  // namespace mo::ops
