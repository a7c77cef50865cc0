// Row kernels between floats and 8-bit integers. Signed data is handled as unsigned with its top bit flipped and 128 added to the zero point.
#pragma once
#include <cstdint>

#include "tensor/dtype.h"

namespace mo::kernels {

// real = ((q ^ flip) - zero) * scale with q read as u8.
struct LinearQuant {
  float scale = 1, zero = 0;
  uint8_t flip = 0;
};

inline LinearQuant linear_quant(DType dtype, float scale, int32_t zero) {
  if (dtype == DType::i8) return {scale, static_cast<float>(zero + 128), 0x80};
  return {scale, static_cast<float>(zero), 0};
}

using DequantizeRow = void (*)(const uint8_t* x, float* y, int64_t n, LinearQuant q);
using QuantizeRow = void (*)(const float* x, uint8_t* y, int64_t n, LinearQuant q);  // round half even, saturate
using AddRow = void (*)(const uint8_t* a, const uint8_t* b, uint8_t* y, int64_t n, LinearQuant qa, LinearQuant qb, LinearQuant qy, float low);
DequantizeRow dequantize_row();
QuantizeRow quantize_row();
void flip_row(const uint8_t* x, uint8_t* y, int64_t n);  // signed <-> unsigned: the top bit of each byte
AddRow add_row();                                        // max(a + b, low), quantized

}  // namespace mo::kernels
