// Quantizing constants: weights per channel or per tensor, biases to int32.
#pragma once
#include <optional>

#include "quantize/chooser.h"

namespace mo::quantize {

struct QuantizedTensor {
  Tensor values;      // of the grid's dtype, same shape
  Tensor scale;       // float32, [] or [channels]
  Tensor zero_point;  // of the grid's dtype, same shape as scale
};

// axis: of the channels; none: one scale for all. Channels of zeros get scale 1. NaN or infinity in the weights: Code::invalid_argument.
// min_scale, when not empty, holds a lowest scale per channel (so that an int32 bias does not overflow).
QuantizedTensor quantize_weights(const Tensor& weights, std::optional<int64_t> axis, const Grid& grid, std::span<const float> min_scale = {});

// bias / (x_scale * w_scale[channel]) as int32 with zero point 0; scale is one number or one per element of the bias.
QuantizedTensor quantize_bias(const Tensor& bias, float x_scale, const Tensor& w_scale);

// The lowest weight scale per channel at which the bias still fits into int32 with room for the sum.
std::vector<float> lowest_scales(const Tensor& bias, float x_scale);

// Real values that quantized ones stand for: for reports and tests.
Tensor dequantize(const QuantizedTensor& q, std::optional<int64_t> axis);

}  // namespace mo::quantize
