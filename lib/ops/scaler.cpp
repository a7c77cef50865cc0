// Scaler: y = (x - offset) * scale per feature, as float.
#include "ops/helpers.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  infer_same(c);
  c.output(0).dtype = DType::f32;
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  int64_t features = x.rank() == 0 ? 1 : x.dim(-1);
  std::vector<float> offset = c.node.floats("offset"), scale = c.node.floats("scale");
  auto fits = [&](const std::vector<float>& v) { return v.size() == 1 || static_cast<int64_t>(v.size()) == features; };
  require(offset.size() == scale.size() && fits(offset), Code::format, offset.size(), " offsets and ", scale.size(), " scales for ", features,
          " features");
  Tensor wide = x.cast(DType::f64);
  const double* src = wide.data<double>();
  float* dst = c.out(0, DType::f32, x.shape()).mutable_data<float>();
  for (int64_t i = 0; i < x.size(); ++i) {
    size_t k = offset.size() == 1 ? 0 : static_cast<size_t>(i % features);
    dst[i] = static_cast<float>((src[i] - offset[k]) * scale[k]);
  }
}

}  // namespace

extern const OpDef scaler{
    .name = "Scaler",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .cost = elementwise_cost<2>,
    .since = 1,
};

}  // namespace mo::ops
