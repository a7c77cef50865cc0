// Weights and biases: rounding, axes, shared limits.
#include <doctest/doctest.h>

#include <cmath>

#include "quantize/weights.h"

using namespace mo;
using namespace mo::quantize;

TEST_CASE("each channel has its own scale") {
  Tensor w = Tensor::of<float>({2, 3}, {1.27f, -0.5f, 0, 12.7f, 0.04f, 0.06f});
  QuantizedTensor rows = quantize_weights(w, 0, {DType::i8, true});
  CHECK(rows.scale.floats() == std::vector<float>{1.27f / 127, 12.7f / 127});
  CHECK(rows.values.integers() == std::vector<int64_t>{127, -50, 0, 127, 0, 1});
  QuantizedTensor columns = quantize_weights(w, 1, {DType::i8, true});
  CHECK(columns.scale.size() == 3);
  CHECK(columns.values.integers()[0] == 13);
  QuantizedTensor one = quantize_weights(w, std::nullopt, {DType::i8, true});
  CHECK(one.scale.rank() == 0);
  CHECK(one.values.integers()[0] == 13);
}

TEST_CASE("a channel of zeros stays zero with scale one, NaN is refused") {
  QuantizedTensor q = quantize_weights(Tensor::of<float>({2, 1}, {0, 1}), 0, {DType::i8, true});
  CHECK(q.scale.number(0) == 1);
  CHECK(q.values.integer(0) == 0);
  CHECK_THROWS_AS(quantize_weights(Tensor::of<float>({1}, {NAN}), std::nullopt, {DType::i8, true}), Error);
}

TEST_CASE("dequantizing gives back the weights within half a step") {
  Tensor w = Tensor::allocate(DType::f32, {7, 5});
  for (int64_t i = 0; i < w.size(); ++i) w.mutable_data<float>()[i] = std::sin(static_cast<float>(i));
  QuantizedTensor q = quantize_weights(w, 1, {DType::i8, true});
  Tensor back = dequantize(q, 1);
  for (int64_t i = 0; i < w.size(); ++i) CHECK(std::abs(back.number(i) - w.number(i)) <= q.scale.number(i % 5) * 0.5001);
}

TEST_CASE("a bias is counted in units of x_scale times w_scale, and the weight scale leaves room for it") {
  Tensor scale = Tensor::of<float>({2}, {0.5f, 0.25f});
  QuantizedTensor q = quantize_bias(Tensor::of<float>({2}, {1, -1}), 0.5f, scale);
  CHECK(q.values.integers() == std::vector<int64_t>{4, -8});
  std::vector<float> lowest = lowest_scales(Tensor::of<float>({1}, {1e6f}), 1e-6f);
  QuantizedTensor w = quantize_weights(Tensor::of<float>({1, 1}, {1e-6f}), 0, {DType::i8, true}, lowest);
  QuantizedTensor b = quantize_bias(Tensor::of<float>({1}, {1e6f}), 1e-6f, w.scale);
  CHECK(b.values.number(0) * b.scale.number(0) == doctest::Approx(1e6));
}
