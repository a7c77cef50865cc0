// Normalizer: each row divided by its largest element (MAX), sum of absolute values (L1) or root of the sum of squares (L2).
#include <algorithm>

#include "ops/ml.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  infer_same(c);
  c.output(0).dtype = DType::f32;
}

void run(Run& c) {
  std::string norm = c.node.s("norm", "MAX");
  require(norm == "MAX" || norm == "L1" || norm == "L2", Code::format, "norm must be MAX, L1 or L2, got ", printable(norm));
  Rows x = feature_rows(c);
  float* dst = c.out(0, DType::f32, c.in(0).shape()).mutable_data<float>();
  for (int64_t r = 0; r < x.n; ++r) {
    const double* row = x.row(r);
    double d = norm == "MAX" && x.features > 0 ? row[0] : 0;
    for (int64_t i = 0; i < x.features; ++i) d = norm == "MAX" ? std::max(d, row[i]) : d + (norm == "L1" ? std::fabs(row[i]) : row[i] * row[i]);
    if (norm == "L2") d = std::sqrt(d);
    for (int64_t i = 0; i < x.features; ++i) *dst++ = static_cast<float>(d == 0 ? row[i] : row[i] / d);
  }
}

}  // namespace

extern const OpDef normalizer{
    .name = "Normalizer",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .cost = elementwise_cost<3>,
    .since = 1,
};

}  // namespace mo::ops
