// Ranges and operands of quantized arithmetic.
#include "ops/quantized.h"

namespace mo::ops {

IntRange int_range(DType dtype) {
  switch (dtype) {
    case DType::u8: return {0, 255};
    case DType::i8: return {-128, 127};
    case DType::u16: return {0, 65535};
    case DType::i16: return {-32768, 32767};
    case DType::u4: return {0, 15};
    case DType::i4: return {-8, 7};
    case DType::u2: return {0, 3};
    case DType::i2: return {-2, 1};
    case DType::i32: return {INT32_MIN, INT32_MAX};
    case DType::u32: return {0, UINT32_MAX};
    default: fail(Code::type, name(dtype), " is not a quantized integer type");
  }
}

PerChannel::PerChannel(const Tensor* t, int64_t count, double fallback, const char* what) {
  values_.assign(1, fallback);
  if (!t) return;
  require(t->size() == 1 || (t->rank() >= 1 && t->size() == count), Code::shape, what, " has shape ", t->shape(), ", wants one entry or ", count);
  values_.resize(static_cast<size_t>(t->size()));
  for (int64_t i = 0; i < t->size(); ++i) values_[static_cast<size_t>(i)] = t->number(i);
  if (values_.empty()) values_.assign(1, fallback);
}

std::vector<uint32_t> centered(const Tensor& q, const PerChannel& zero_point, int64_t channels, int64_t inner) {
  require(is_8bit(q.dtype()), Code::type, "quantized operand is ", name(q.dtype()), ", wants int8 or uint8");
  std::vector<uint32_t> out(static_cast<size_t>(q.size()));
  auto fill = [&](const auto* src) {
    for (int64_t i = 0; i < q.size(); ++i) {
      int64_t zp = zero_point.single() ? static_cast<int64_t>(zero_point[0]) : static_cast<int64_t>(zero_point[i / inner % channels]);
      out[static_cast<size_t>(i)] = static_cast<uint32_t>(static_cast<int64_t>(src[i]) - zp);
    }
  };
  if (q.dtype() == DType::u8) fill(q.data<uint8_t>());
  else fill(q.data<int8_t>());
  return out;
}

}  // namespace mo::ops
