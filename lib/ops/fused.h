// What libmo's own operators share: operands that may be quantized, the epilogue, and an output that may be quantized.
#pragma once
#include "ops/compute.h"
#include "ops/epilogue.h"
#include "ops/quantized.h"

namespace mo::ops {

// Input `data` as real numbers: (q - zero point) * scale when `scale` is present, else a float tensor converted. A scale with one entry per
// channel runs along `axis`.
std::vector<float> real_operand(const Run& c, size_t data, size_t scale, size_t zero_point, int64_t axis);

// Applies the epilogue to one value. `operand` is R's element there (0 when there is none).
float apply_post(std::span<const Post> posts, float v, float operand);

// The epilogue's operand R broadcast onto `shape`; empty when no post reads one.
std::vector<float> post_operand(const Run& c, std::span<const Post> posts, size_t r, size_t r_scale, size_t r_zp, const Shape& shape);

// Integer sums brought to a quantized output with one multiplication each, in units of its scale, when the epilogue only clamps and adds:
//   v = fma(float(sum), (x_scale * w_scale) / y_scale, bias / y_scale), then relu, clip and fma(r - r_zero, r_scale / y_scale, v) as listed.
// Up to an inner rounding (round_u8, round_i8) the unit is that one's scale.
class OneMultiplier {
 public:
  // False when another rule holds: no integer operands, no quantized output, an activation that is not a clamp.
  static bool covers(const Run& c, std::span<const Post> posts, size_t y_scale, size_t r_scale);
  OneMultiplier(const Run& c, std::span<const Post> posts, size_t y_scale, size_t r, size_t r_scale, size_t r_zp, const Shape& shape);
  float scale(float operands) const { return operands / first_; }  // of the product of the operands' scales
  float apply(int32_t sum, float scale, float real_bias, int64_t i) const;

 private:
  std::span<const Post> posts_;
  float y_scale_, first_, r_factor_ = 0;
  std::vector<float> operand_;
};

// Output 0: quantized when input `scale` is present, else of dtype `plain`.
class FusedOutput {
 public:
  FusedOutput(Run& c, size_t scale, size_t zero_point, DType plain, const Shape& shape);
  // `v` in units of the output's scale.
  void put_steps(int64_t i, float v) { static_cast<uint8_t*>(data_)[i] = static_cast<uint8_t>(quantize(v, zero_point_, range_)); }
  void put(int64_t i, float v) {
    if (quantized_) static_cast<uint8_t*>(data_)[i] = static_cast<uint8_t>(quantize(v / scale_, zero_point_, range_));
    else store_number(dtype_, data_, i, v);
  }

 private:
  DType dtype_;
  bool quantized_;
  float scale_ = 1;
  int64_t zero_point_ = 0;
  IntRange range_{0, 0};
  void* data_;
};

// dtype of that output during inference; `plain` when it is not quantized.
DType fused_dtype(const Infer& c, size_t scale, size_t zero_point, DType plain);

// Copies src of `shape` into the order of `perm` (empty: as it is); permutes `shape` along.
template <class T>
std::vector<T> permuted(std::vector<T> src, Shape& shape, std::span<const int64_t> perm);

// The shape alone.
Shape permuted_shape(const Shape& shape, std::span<const int64_t> perm);

}  // namespace mo::ops
