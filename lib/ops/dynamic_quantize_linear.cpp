// DynamicQuantizeLinear: uint8 quantization with scale and zero point from the data's range (0 included).
#include "ops/compute.h"
#include "ops/quantized.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  Type y = c.input(0);
  if (!y.is_tensor()) y = Type::tensor(DType::undefined);
  y.dtype = DType::u8;
  c.output(0) = std::move(y);
  c.set(1, DType::f32, {});
  c.set(2, DType::u8, {});
}

void run(Run& c) {
  require_dtype(c, 0, DType::f32);
  std::span<const float> x = c.in(0).values<float>();
  float low = 0, high = 0;
  for (float v : x) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  float scale = (high - low) / 255.0f;
  if (scale == 0) scale = 1;  // all zeros: any scale does
  float zero_point = std::nearbyint(std::min(255.0f, std::max(0.0f, -low / scale)));
  if (!(zero_point >= 0)) zero_point = 0;  // infinite range
  uint8_t* y = c.out(0, DType::u8, c.in(0).shape()).mutable_data<uint8_t>();
  for (size_t i = 0; i < x.size(); ++i) y[i] = static_cast<uint8_t>(quantize(x[i] / scale, static_cast<int64_t>(zero_point), {0, 255}));
  *c.out(1, DType::f32, {}).mutable_data<float>() = scale;
  *c.out(2, DType::u8, {}).mutable_data<uint8_t>() = static_cast<uint8_t>(zero_point);
}

}  // namespace

extern const OpDef dynamic_quantize_linear{
    .name = "DynamicQuantizeLinear", .min_inputs = 1, .max_inputs = 1, .min_outputs = 3, .max_outputs = 3, .infer = infer, .run = run, .since = 11};

}  // namespace mo::ops
