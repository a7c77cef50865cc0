// Integer arithmetic that reports overflow as an error; every size computed from a file goes through it.
#pragma once
#include <cstdint>
#include <span>

#include "base/error.h"

namespace mo {

inline int64_t checked_mul(int64_t a, int64_t b) {
  int64_t r;
  require(!__builtin_mul_overflow(a, b, &r), Code::limit, "size overflow: ", a, " * ", b);
  return r;
}

inline int64_t checked_add(int64_t a, int64_t b) {
  int64_t r;
  require(!__builtin_add_overflow(a, b, &r), Code::limit, "size overflow: ", a, " + ", b);
  return r;
}

// Product of dims; every dim must be >= 0.
inline int64_t checked_product(std::span<const int64_t> dims) {
  int64_t n = 1;
  bool zero = false;
  for (int64_t d : dims) {
    require(d >= 0, Code::shape, "negative dimension in ", dims);
    if (d == 0) zero = true;
    else n = checked_mul(n, d);
  }
  return zero ? 0 : n;
}

}  // namespace mo
