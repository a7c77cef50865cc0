// Integers that stand for real numbers: ranges, saturation, scales and zero points, shared by the quantizing operators.
#pragma once
#include <cmath>

#include "ops/op.h"
#include "tensor/convert.h"

namespace mo::ops {

struct IntRange {
  int64_t low, high;
};
IntRange int_range(DType dtype);  // throws Code::type for other than integers of at most 32 bits

inline bool is_8bit(DType d) { return d == DType::u8 || d == DType::i8; }

// saturate(round_half_even(v) + zero_point); NaN becomes the zero point.
inline int64_t quantize(double v, int64_t zero_point, IntRange range) {
  if (v != v) return zero_point;
  double q = std::nearbyint(v) + static_cast<double>(zero_point);
  if (q <= static_cast<double>(range.low)) return range.low;
  if (q >= static_cast<double>(range.high)) return range.high;
  return static_cast<int64_t>(q);
}

// A scale or zero-point operand that is scalar (or of one element) or has one entry per `count`.
class PerChannel {
 public:
  PerChannel() = default;  // absent: `fallback` everywhere
  PerChannel(const Tensor* t, int64_t count, double fallback, const char* what);
  double operator[](int64_t i) const { return values_.size() == 1 ? values_[0] : values_[static_cast<size_t>(i)]; }
  bool single() const { return values_.size() == 1; }

 private:
  std::vector<double> values_{0.0};
};

// 8-bit data minus its zero point, as 32-bit two's complement. Entry i belongs to channel (i / inner) % channels.
std::vector<uint32_t> centered(const Tensor& q, const PerChannel& zero_point, int64_t channels, int64_t inner);

}  // namespace mo::ops
