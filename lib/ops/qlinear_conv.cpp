// QLinearConv: quantize(conv(dequantize(x), dequantize(w)) + b): the sum in int32, the result scaled by x_scale * w_scale / y_scale.
#include "ops/compute.h"
#include "ops/convolve.h"
#include "ops/quantized.h"

namespace mo::ops {
namespace {

void infer(Infer& c) { infer_conv(c, 0, 3, c.dtype(7)); }

void run(Run& c) {
  ConvShape g = conv_shape(c.node, c.in(0).shape(), c.in(3).shape());
  int64_t maps = g.out_channels;
  PerChannel x_scale(&c.in(1), 1, 1, "x_scale"), x_zp(&c.in(2), 1, 0, "x_zero_point");
  PerChannel w_scale(&c.in(4), maps, 1, "w_scale"), w_zp(&c.in(5), maps, 0, "w_zero_point");
  PerChannel y_scale(&c.in(6), 1, 1, "y_scale"), y_zp(&c.in(7), 1, 0, "y_zero_point");
  DType dtype = c.dtype(7);
  require(is_8bit(dtype), Code::type, "y_zero_point is ", name(dtype), ", wants int8 or uint8");
  if (c.has(8)) {
    require_dtype(c, 8, DType::i32);
    require_shape(c, 8, {maps});
  }
  const int32_t* bias = c.has(8) ? c.in(8).data<int32_t>() : nullptr;
  std::vector<uint32_t> x = centered(c.in(0), x_zp, 1, 1);
  std::vector<uint32_t> w = centered(c.in(3), w_zp, std::max<int64_t>(maps, 1), std::max<int64_t>(c.in(3).size() / std::max<int64_t>(maps, 1), 1));
  Tensor& y = c.out(0, dtype, g.result());
  void* dst = y.raw_mutable();
  IntRange range = int_range(dtype);
  convolve<uint32_t, uint32_t>(g, x.data(), w.data(), [&](int64_t n, int64_t m, const uint32_t* plane) {
    float scale = static_cast<float>(x_scale[0]) * static_cast<float>(w_scale[m]) / static_cast<float>(y_scale[0]);
    for (int64_t i = 0; i < g.out_plane; ++i) {
      int32_t sum = static_cast<int32_t>(plane[i] + (bias ? static_cast<uint32_t>(bias[m]) : 0u));
      int64_t q = quantize(static_cast<float>(sum) * scale, static_cast<int64_t>(y_zp[0]), range);
      static_cast<uint8_t*>(dst)[(n * maps + m) * g.out_plane + i] = static_cast<uint8_t>(q);
    }
  });
}

Cost cost(const CostQuery& q) { return conv_cost(q, 3); }

}  // namespace

extern const OpDef qlinear_conv{.name = "QLinearConv", .min_inputs = 8, .max_inputs = 9, .infer = infer, .run = run, .cost = cost, .since = 10};

}  // namespace mo::ops
