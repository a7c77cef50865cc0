// 16-, 8-, 6- and 4-bit floating-point formats: storage structs and exact conversions to and from float.
// Sources: IEEE 754 (binary16), bfloat16, OCP FP8/MX (E4M3FN, E5M2, E8M0, E2M1, E2M3, E3M2) and the ONNX "float stored in 8 bits" page (FNUZ forms).
#pragma once
#include <bit>
#include <cstdint>

namespace mo {

struct half {
  uint16_t bits;
};
struct bfloat16 {
  uint16_t bits;
};
struct f8e4m3fn {
  uint8_t bits;
};
struct f8e4m3fnuz {
  uint8_t bits;
};
struct f8e5m2 {
  uint8_t bits;
};
struct f8e5m2fnuz {
  uint8_t bits;
};
struct f8e8m0 {
  uint8_t bits;
};

inline float to_float(bfloat16 v) { return std::bit_cast<float>(static_cast<uint32_t>(v.bits) << 16); }
inline bfloat16 to_bfloat16(float v) {  // round to nearest even; NaN stays NaN
  uint32_t u = std::bit_cast<uint32_t>(v);
  if ((u & 0x7fffffff) > 0x7f800000) return {static_cast<uint16_t>(u >> 16 | 0x40)};
  return {static_cast<uint16_t>((u + 0x7fff + (u >> 16 & 1)) >> 16)};
}
float to_float(half v);
half to_half(float v);  // round to nearest even, overflow to infinity

float to_float(f8e4m3fn v);
float to_float(f8e4m3fnuz v);
float to_float(f8e5m2 v);
float to_float(f8e5m2fnuz v);
float to_float(f8e8m0 v);  // a power of two
// `saturate`: values beyond the largest finite one become it; else NaN or infinity as the ONNX Cast table says.
f8e4m3fn to_f8e4m3fn(float v, bool saturate = true);
f8e4m3fnuz to_f8e4m3fnuz(float v, bool saturate = true);
f8e5m2 to_f8e5m2(float v, bool saturate = true);
f8e5m2fnuz to_f8e5m2fnuz(float v, bool saturate = true);
enum class E8M0Round { up, down, nearest };
f8e8m0 to_f8e8m0(float v, bool saturate = true, E8M0Round round = E8M0Round::up);

// Sub-byte floats as the low bits of a byte.
float f4e2m1_to_float(uint8_t bits);
uint8_t float_to_f4e2m1(float v);  // round to nearest even, saturates at 6
float f6e2m3_to_float(uint8_t bits);
uint8_t float_to_f6e2m3(float v);
float f6e3m2_to_float(uint8_t bits);
uint8_t float_to_f6e3m2(float v);

// Packed 4- and 2-bit integers: element i lies in the low-order bits first.
inline uint8_t packed_get_u4(const uint8_t* data, int64_t i) { return data[i >> 1] >> ((i & 1) * 4) & 0xf; }
inline int8_t packed_get_i4(const uint8_t* data, int64_t i) { return static_cast<int8_t>(static_cast<int8_t>(packed_get_u4(data, i) << 4) >> 4); }
inline void packed_set_4(uint8_t* data, int64_t i, uint8_t v) {
  int shift = static_cast<int>(i & 1) * 4;
  data[i >> 1] = static_cast<uint8_t>((data[i >> 1] & ~(0xf << shift)) | (v & 0xf) << shift);
}
inline uint8_t packed_get_u2(const uint8_t* data, int64_t i) { return data[i >> 2] >> ((i & 3) * 2) & 3; }
inline int8_t packed_get_i2(const uint8_t* data, int64_t i) { return static_cast<int8_t>(static_cast<int8_t>(packed_get_u2(data, i) << 6) >> 6); }
inline void packed_set_2(uint8_t* data, int64_t i, uint8_t v) {
  int shift = static_cast<int>(i & 3) * 2;
  data[i >> 2] = static_cast<uint8_t>((data[i >> 2] & ~(3 << shift)) | (v & 3) << shift);
}

}  // namespace mo
