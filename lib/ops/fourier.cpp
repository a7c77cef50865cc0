// Radix-2 for powers of two, the defining sum for other sizes.
#include "ops/fourier.h"

#include <cmath>
#include <cstdint>
#include <numbers>

namespace mo::ops {

Fourier::Fourier(int64_t size, bool inverse) : size_(size), inverse_(inverse), power_of_two_((size & (size - 1)) == 0) {
  roots_.resize(static_cast<size_t>(size));
  double sign = inverse ? 2 : -2;
  for (int64_t k = 0; k < size; ++k) {
    double angle = sign * std::numbers::pi * static_cast<double>(k) / static_cast<double>(size);
    roots_[static_cast<size_t>(k)] = {std::cos(angle), std::sin(angle)};
  }
}

void Fourier::operator()(std::vector<std::complex<double>>& x) const {
  const size_t n = static_cast<size_t>(size_);
  if (power_of_two_) {
    for (size_t i = 1, j = 0; i < n; ++i) {
      size_t bit = n >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i < j) std::swap(x[i], x[j]);
    }
    for (size_t length = 2; length <= n; length <<= 1)
      for (size_t start = 0; start < n; start += length)
        for (size_t k = 0; k < length / 2; ++k) {
          std::complex<double> a = x[start + k], b = x[start + k + length / 2] * roots_[k * (n / length)];
          x[start + k] = a + b;
          x[start + k + length / 2] = a - b;
        }
  } else {
    std::vector<std::complex<double>> y(n);
    for (size_t k = 0; k < n; ++k) {
      size_t at = 0;
      for (size_t i = 0; i < n; ++i) {
        y[k] += x[i] * roots_[at];
        at += k;
        if (at >= n) at -= n;
      }
    }
    x = std::move(y);
  }
  if (inverse_)
    for (auto& v : x) v /= static_cast<double>(size_);
}

}  // namespace mo::ops
