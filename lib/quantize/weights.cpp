// Round to nearest even, saturate; one range per channel.
#include "quantize/weights.h"

#include <algorithm>
#include <cmath>

namespace mo::quantize {

namespace {

struct Channels {
  int64_t outer, count, inner;
};

Channels channels_of(const Tensor& t, std::optional<int64_t> axis) {
  if (!axis) return {1, 1, t.size()};
  MO_ASSERT(*axis >= 0 && *axis < t.rank());
  Channels c{1, t.dim(*axis), 1};
  for (int64_t a = 0; a < *axis; ++a) c.outer *= t.dim(a);
  for (int64_t a = *axis + 1; a < t.rank(); ++a) c.inner *= t.dim(a);
  return c;
}

template <class F>
void for_channel(const Channels& c, int64_t channel, F f) {
  for (int64_t o = 0; o < c.outer; ++o)
    for (int64_t i = 0; i < c.inner; ++i) f((o * c.count + channel) * c.inner + i);
}

Tensor zero_points(DType dtype, const std::vector<int32_t>& values, const Shape& shape) {
  Tensor t = Tensor::zeros(dtype, shape);
  for (size_t i = 0; i < values.size(); ++i) t.set_number(static_cast<int64_t>(i), values[i]);
  return t;
}

}  // namespace

QuantizedTensor quantize_weights(const Tensor& weights, std::optional<int64_t> axis, const Grid& grid, std::span<const float> min_scale) {
  const float* w = weights.data<float>();
  Channels c = channels_of(weights, axis);
  Shape scale_shape = axis ? Shape{c.count} : Shape{};
  QuantizedTensor q{Tensor::zeros(grid.dtype, weights.shape()), Tensor::allocate(DType::f32, scale_shape), {}};
  std::vector<int32_t> zeros;
  bool bytes = info(grid.dtype).bits == 8;
  auto* narrow = static_cast<int8_t*>(q.values.raw_mutable());
  for (int64_t k = 0; k < c.count; ++k) {
    Range r{0, 0};
    bool finite = true;
    for_channel(c, k, [&](int64_t i) {
      finite &= std::isfinite(w[i]);
      r.low = std::min(r.low, w[i]), r.high = std::max(r.high, w[i]);
    });
    require(finite, Code::invalid_argument, "the weights hold NaN or infinity");
    Scale s = scale_of(r, grid);
    if (!min_scale.empty()) s.scale = std::max(s.scale, min_scale[min_scale.size() == 1 ? 0 : static_cast<size_t>(k)]);
    q.scale.mutable_data<float>()[k] = s.scale;
    zeros.push_back(s.zero_point);
    float low = static_cast<float>(grid.low()), high = static_cast<float>(grid.high());
    for_channel(c, k, [&](int64_t i) {
      float v = std::clamp(std::nearbyint(w[i] / s.scale) + static_cast<float>(s.zero_point), low, high);
      if (bytes) narrow[i] = static_cast<int8_t>(static_cast<int32_t>(v));
      else q.values.set_number(i, v);
    });
  }
  q.zero_point = zero_points(grid.dtype, zeros, scale_shape);
  return q;
}

QuantizedTensor quantize_bias(const Tensor& bias, float x_scale, const Tensor& w_scale) {
  QuantizedTensor q{Tensor::allocate(DType::i32, bias.shape()), Tensor::allocate(DType::f32, w_scale.shape()),
                    Tensor::zeros(DType::i32, w_scale.shape())};
  const float* ws = w_scale.data<float>();
  for (int64_t i = 0; i < w_scale.size(); ++i) q.scale.mutable_data<float>()[i] = x_scale * ws[i];
  const float* b = bias.data<float>();
  for (int64_t i = 0; i < bias.size(); ++i) {
    require(std::isfinite(b[i]), Code::invalid_argument, "the bias holds NaN or infinity");
    double unit = q.scale.number(w_scale.size() == 1 ? 0 : i);
    q.values.mutable_data<int32_t>()[i] = static_cast<int32_t>(std::clamp(std::nearbyint(b[i] / unit), -2147483647.0, 2147483647.0));
  }
  return q;
}

std::vector<float> lowest_scales(const Tensor& bias, float x_scale) {
  constexpr double k_room = 1 << 30;
  std::vector<float> out;
  for (float b : bias.values<float>()) out.push_back(static_cast<float>(std::abs(b) / (static_cast<double>(x_scale) * k_room)));
  return out;
}

Tensor dequantize(const QuantizedTensor& q, std::optional<int64_t> axis) {
  Channels c = channels_of(q.values, axis);
  Tensor out = Tensor::allocate(DType::f32, q.values.shape());
  float* y = out.mutable_data<float>();
  for (int64_t k = 0; k < c.count; ++k)
    for_channel(c, k, [&](int64_t i) { y[i] = static_cast<float>((q.values.integer(i) - q.zero_point.integer(k)) * q.scale.number(k)); });
  return out;
}

}  // namespace mo::quantize
