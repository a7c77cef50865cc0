// Conversions between float and the small formats: one generic codec by (exponent bits, mantissa bits, bias), rounding to nearest even.
#include "base/float_types.h"

namespace mo {

namespace {

enum class Special : uint8_t {
  ieee,    // top exponent holds infinities and NaNs (e5m2)
  fn,      // only the all-ones pattern is NaN, no infinities (e4m3fn)
  fnuz,    // only the pattern of minus zero is NaN
  finite,  // no special values (e2m1, e2m3, e3m2)
};

struct Format {
  int exponent_bits, mantissa_bits, bias;
  Special special;
  constexpr int bits() const { return 1 + exponent_bits + mantissa_bits; }
  constexpr uint32_t sign() const { return 1u << (bits() - 1); }
  constexpr uint32_t magnitude_mask() const { return sign() - 1; }
  constexpr uint32_t top_exponent() const { return ((1u << exponent_bits) - 1) << mantissa_bits; }
  // Largest finite magnitude; magnitudes are ordered like the numbers they stand for.
  constexpr uint32_t largest() const {
    return special == Special::ieee ? top_exponent() - 1 : special == Special::fn ? magnitude_mask() - 1 : magnitude_mask();
  }
};

constexpr Format k_e4m3fn{4, 3, 7, Special::fn};
constexpr Format k_e4m3fnuz{4, 3, 8, Special::fnuz};
constexpr Format k_e5m2{5, 2, 15, Special::ieee};
constexpr Format k_e5m2fnuz{5, 2, 16, Special::fnuz};
constexpr Format k_e2m1{2, 1, 1, Special::finite};
constexpr Format k_e2m3{2, 3, 1, Special::finite};
constexpr Format k_e3m2{3, 2, 3, Special::finite};

constexpr float k_nan = std::bit_cast<float>(0x7fc00000u);
constexpr float k_negative_nan = std::bit_cast<float>(0xffc00000u);
constexpr float k_infinity = std::bit_cast<float>(0x7f800000u);

// 2^e for -126 <= e <= 127, exact.
constexpr float power_of_two(int e) { return std::bit_cast<float>(static_cast<uint32_t>(e + 127) << 23); }

constexpr float decode(const Format& f, uint32_t bits) {
  bits &= f.sign() | f.magnitude_mask();
  uint32_t magnitude = bits & f.magnitude_mask();
  bool negative = (bits & f.sign()) != 0;
  if (f.special == Special::fnuz && bits == f.sign()) return k_negative_nan;
  if (f.special == Special::fn && magnitude == f.magnitude_mask()) return negative ? k_negative_nan : k_nan;
  if (f.special == Special::ieee && magnitude >= f.top_exponent()) {
    if (magnitude == f.top_exponent()) return negative ? -k_infinity : k_infinity;
    return negative ? k_negative_nan : k_nan;
  }
  int exponent = static_cast<int>(magnitude >> f.mantissa_bits);
  int mantissa = static_cast<int>(magnitude & ((1u << f.mantissa_bits) - 1));
  if (exponent > 0) mantissa += 1 << f.mantissa_bits;
  else exponent = 1;
  float v = static_cast<float>(mantissa) * power_of_two(exponent - f.bias - f.mantissa_bits);
  return negative ? -v : v;
}

// Magnitude bits nearest to |v| (ties to even), as if the exponent had no upper bound; the caller clips.
constexpr uint32_t nearest_magnitude(const Format& f, uint32_t float_magnitude) {
  int exponent = static_cast<int>(float_magnitude >> 23);  // biased by 127
  uint32_t mantissa = float_magnitude & 0x7fffff;
  if (exponent > 0) mantissa |= 0x800000;
  else exponent = 1;
  // Wanted: mantissa * 2^(exponent-127-23) in units of the format; the shift drops the bits that do not fit.
  int target = exponent - 127 + f.bias;  // exponent in the format if it is normal there
  int shift = 23 - f.mantissa_bits;
  if (target < 1) shift += 1 - target, target = 1;
  if (shift > 25) return 0;
  uint32_t kept = mantissa >> shift;
  uint32_t rest = mantissa & ((1u << shift) - 1), half_way = 1u << (shift - 1);
  if (rest > half_way || (rest == half_way && (kept & 1))) ++kept;
  // `kept` carries the implicit one of a normal number, so adding it to exponent-1 also carries a rounding overflow upward.
  return (static_cast<uint32_t>(target - 1) << f.mantissa_bits) + kept;
}

constexpr uint32_t encode(const Format& f, float v, bool saturate) {
  uint32_t u = std::bit_cast<uint32_t>(v);
  uint32_t sign = (u >> 31) ? f.sign() : 0, magnitude = u & 0x7fffffff;
  if (magnitude > 0x7f800000) {  // NaN
    switch (f.special) {
      case Special::ieee: return sign | f.top_exponent() | 1u << (f.mantissa_bits - 1);
      case Special::fn: return sign | f.magnitude_mask();
      case Special::fnuz: return f.sign();
      case Special::finite: return f.sign();  // no NaN to give: minus zero, as ml_dtypes answers
    }
  }
  uint32_t m = magnitude == 0x7f800000 ? f.magnitude_mask() + 1 : nearest_magnitude(f, magnitude);
  if (m > f.largest()) {
    if (saturate || f.special == Special::finite) m = f.largest();
    else if (f.special == Special::ieee) m = f.top_exponent();
    else return f.special == Special::fnuz ? f.sign() : sign | f.magnitude_mask();
  }
  if (m == 0 && f.special == Special::fnuz) return 0;
  return sign | m;
}

template <const Format& f, int count>
struct DecodeTable {
  float values[count];
  constexpr DecodeTable() : values() {
    for (uint32_t i = 0; i < count; ++i) values[i] = decode(f, i);
  }
};
constexpr DecodeTable<k_e4m3fn, 256> k_table_e4m3fn;
constexpr DecodeTable<k_e4m3fnuz, 256> k_table_e4m3fnuz;
constexpr DecodeTable<k_e5m2, 256> k_table_e5m2;
constexpr DecodeTable<k_e5m2fnuz, 256> k_table_e5m2fnuz;
constexpr DecodeTable<k_e2m1, 16> k_table_e2m1;
constexpr DecodeTable<k_e2m3, 64> k_table_e2m3;
constexpr DecodeTable<k_e3m2, 64> k_table_e3m2;

}  // namespace

float to_float(half v) {
  uint32_t sign = static_cast<uint32_t>(v.bits & 0x8000) << 16, magnitude = v.bits & 0x7fff;
  if (magnitude >= 0x7c00) return std::bit_cast<float>(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  if (magnitude >= 0x400) return std::bit_cast<float>(sign | ((magnitude << 13) + (112u << 23)));
  float tiny = static_cast<float>(magnitude) * power_of_two(-24);
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(tiny));
}

half to_half(float v) {
  uint32_t u = std::bit_cast<uint32_t>(v);
  uint32_t sign = u >> 16 & 0x8000, magnitude = u & 0x7fffffff;
  if (magnitude > 0x7f800000) return {static_cast<uint16_t>(sign | 0x7e00 | (magnitude >> 13 & 0x3ff))};
  if (magnitude >= 0x477ff000) return {static_cast<uint16_t>(sign | 0x7c00)};  // 65520 and above round to infinity
  if (magnitude >= 0x38800000) {                                               // normal: drop 13 bits, nearest even
    uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return {static_cast<uint16_t>(sign | ((rounded - (112u << 23)) >> 13))};
  }
  // Subnormal: adding 0.5 makes the float adder align and round to units of 2^-24.
  float aligned = std::bit_cast<float>(magnitude) + 0.5f;
  return {static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(aligned) - 0x3f000000u))};
}

float to_float(f8e4m3fn v) { return k_table_e4m3fn.values[v.bits]; }
float to_float(f8e4m3fnuz v) { return k_table_e4m3fnuz.values[v.bits]; }
float to_float(f8e5m2 v) { return k_table_e5m2.values[v.bits]; }
float to_float(f8e5m2fnuz v) { return k_table_e5m2fnuz.values[v.bits]; }
float to_float(f8e8m0 v) {
  if (v.bits == 0xff) return k_nan;
  return std::bit_cast<float>(v.bits == 0 ? 0x00400000u : static_cast<uint32_t>(v.bits) << 23);
}

f8e4m3fn to_f8e4m3fn(float v, bool saturate) { return {static_cast<uint8_t>(encode(k_e4m3fn, v, saturate))}; }
f8e4m3fnuz to_f8e4m3fnuz(float v, bool saturate) { return {static_cast<uint8_t>(encode(k_e4m3fnuz, v, saturate))}; }
f8e5m2 to_f8e5m2(float v, bool saturate) { return {static_cast<uint8_t>(encode(k_e5m2, v, saturate))}; }
f8e5m2fnuz to_f8e5m2fnuz(float v, bool saturate) { return {static_cast<uint8_t>(encode(k_e5m2fnuz, v, saturate))}; }

f8e8m0 to_f8e8m0(float v, bool saturate, E8M0Round round) {
  uint32_t u = std::bit_cast<uint32_t>(v), exponent = u >> 23 & 0xff, mantissa = u & 0x7fffff;
  if (exponent == 0xff) return {0xff};
  bool up = false;
  if (round == E8M0Round::up) up = mantissa != 0;
  if (round == E8M0Round::nearest) up = mantissa > 0x400000 || (mantissa == 0x400000 && exponent > 0);  // ties go up
  if (up && !(saturate && exponent == 0xfe)) ++exponent;
  return {static_cast<uint8_t>(exponent)};
}

float f4e2m1_to_float(uint8_t bits) { return k_table_e2m1.values[bits & 0xf]; }
uint8_t float_to_f4e2m1(float v) { return static_cast<uint8_t>(encode(k_e2m1, v, true)); }
float f6e2m3_to_float(uint8_t bits) { return k_table_e2m3.values[bits & 0x3f]; }
uint8_t float_to_f6e2m3(float v) { return static_cast<uint8_t>(encode(k_e2m3, v, true)); }
float f6e3m2_to_float(uint8_t bits) { return k_table_e3m2.values[bits & 0x3f]; }
uint8_t float_to_f6e3m2(float v) { return static_cast<uint8_t>(encode(k_e3m2, v, true)); }

}  // namespace mo
