// ConvInteger: the convolution of (x - x_zero_point) with (w - w_zero_point) in int32.
#include "ops/compute.h"
#include "ops/convolve.h"
#include "ops/quantized.h"

namespace mo::ops {
namespace {

void infer(Infer& c) { infer_conv(c, 0, 1, DType::i32); }

void run(Run& c) {
  ConvShape g = conv_shape(c.node, c.in(0).shape(), c.in(1).shape());
  PerChannel x_zp(c.in_or_null(2), 1, 0, "x_zero_point"), w_zp(c.in_or_null(3), g.out_channels, 0, "w_zero_point");
  std::vector<uint32_t> x = centered(c.in(0), x_zp, 1, 1);
  std::vector<uint32_t> w =
      centered(c.in(1), w_zp, std::max<int64_t>(g.out_channels, 1), std::max<int64_t>(c.in(1).size() / std::max<int64_t>(g.out_channels, 1), 1));
  int32_t* y = c.out(0, DType::i32, g.result()).mutable_data<int32_t>();
  convolve<uint32_t, uint32_t>(g, x.data(), w.data(), [&](int64_t n, int64_t m, const uint32_t* plane) {
    int32_t* dst = y + (n * g.out_channels + m) * g.out_plane;
    for (int64_t i = 0; i < g.out_plane; ++i) dst[i] = static_cast<int32_t>(plane[i]);
  });
}

Cost cost(const CostQuery& q) { return conv_cost(q, 1); }

}  // namespace

extern const OpDef conv_integer{.name = "ConvInteger", .min_inputs = 2, .max_inputs = 4, .infer = infer, .run = run, .cost = cost, .since = 10};

}  // namespace mo::ops
