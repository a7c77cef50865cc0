// Small numeric pieces of the image operators: integer ranges as doubles, rounding into any dtype.
#pragma once
#include <cmath>

#include "ops/compute.h"

namespace mo::ops {

// Ends of an integer dtype, as the nearest doubles inside it.
inline double integer_low(DType d) { return info(d).is_signed ? -std::ldexp(1.0, info(d).bits - 1) : 0.0; }
inline double integer_high(DType d) {
  int bits = info(d).bits - (info(d).is_signed ? 1 : 0);
  double v = std::ldexp(1.0, bits);
  return bits < 53 ? v - 1 : std::nextafter(v, 0.0);
}

// Stores a computed value: integers rounded half to even and saturated, the rest as it is.
inline void store_rounded(DType d, void* dst, int64_t i, double v) {
  if (is_integer(d)) v = v != v ? 0.0 : std::min(std::max(std::nearbyint(v), integer_low(d)), integer_high(d));
  store_number(d, dst, i, v);
}

}  // namespace mo::ops
