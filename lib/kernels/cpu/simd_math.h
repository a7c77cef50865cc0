// Elementary functions of one float written without branches, so that loops over them vectorise; relative errors are a few 1e-7.
// The polynomials are minimax fits made for libmo (weighted least squares on Chebyshev nodes) of the function named beside each.
#pragma once
#include <bit>

#include "kernels/cpu/simd.h"

namespace mo::kernels::math {

MO_INLINE float min(float a, float b) { return b < a ? b : a; }  // NaN in a stays
MO_INLINE float max(float a, float b) { return a < b ? b : a; }
MO_INLINE float abs(float x) { return std::bit_cast<float>(std::bit_cast<int32_t>(x) & 0x7fffffff); }
MO_INLINE float copy_sign(float x, float sign) {
  return std::bit_cast<float>((std::bit_cast<int32_t>(x) & 0x7fffffff) | (std::bit_cast<int32_t>(sign) & static_cast<int32_t>(0x80000000)));
}

// Nearest integer, ties to even, for |x| < 2^22.
MO_INLINE float round_even(float x) {
  const float magic = 12582912.f;
  return (x + magic) - magic;
}

// exp(x) = 2^n exp(r), |r| <= ln2 / 2. Below -87.3 it is 0 in effect (1e-38), above 88.3 infinite.
MO_INLINE float exp(float x) {
  const float magic = 12582912.f;
  float c = max(min(x, 88.7f), -87.3f);
  float t = c * 1.44269504f + magic;
  float n = t - magic;
  float r = c - n * 0.693145752f;
  r = r - n * 1.42860677e-6f;
  float q = ((0.0013950461f * r + 0.0083688758f) * r + 0.0416662060f) * r + 0.1666651964f;
  float p = (q * r + 0.5f) * r * r + r + 1.0f;
  // 2^n in two factors, so that n = 128 does not overflow on the way
  int32_t e = std::bit_cast<int32_t>(t) - std::bit_cast<int32_t>(magic);
  int32_t half = e >> 1;
  float a = std::bit_cast<float>((half + 127) << 23), b = std::bit_cast<float>((e - half + 127) << 23);
  float y = p * a * b;
  y = x > 88.72f ? std::bit_cast<float>(0x7f800000) : y;
  return x < -103.97f ? 0.0f : y;
}

MO_INLINE float sigmoid(float x) { return 1.0f / (1.0f + exp(-x)); }

// tanh: x P(x^2) / Q(x^2) up to 9, where it is 1.
MO_INLINE float tanh(float x) {
  const float end = 9.0f;
  float c = min(max(x, -end), end), u = c * c;
  float p = (((1.3354045e-8f * u + 2.0608614e-5f) * u + 0.00349555874f) * u + 0.133810006f) * u + 0.999999979f;
  float q = (((7.77629891e-7f * u + 3.28558739e-4f) * u + 0.0258768695f) * u + 0.467143162f) * u + 1.0f;
  return min(max(c * p / q, -1.0f), 1.0f);
}

// erf: x P(x^2) below 0.95, 1 - exp(-Q(x)) above.
MO_INLINE float erf(float x) {
  float a = abs(x), u = a * a;
  float s = ((((((7.8891193e-5f * u - 0.00080208411f) * u + 0.0051895352f) * u - 0.0268544443f) * u + 0.1128360033f) * u - 0.3761262596f) * u +
             1.1283791065f) *
            a;
  float c = min(a, 4.0f);
  float q = (((((-0.00019718206f * c + 0.0030556107f) * c - 0.0222771000f) * c + 0.1040373817f) * c + 0.6370597482f) * c + 1.1277495623f) * c +
            0.00017749127f;
  float l = 1.0f - exp(-q);
  l = a > 4.0f ? 1.0f : l;
  float y = a < 0.95f ? s : l;
  y = a != a ? a : y;
  return copy_sign(y, x);
}

// Natural logarithm of a positive normal number.
MO_INLINE float log(float x) {
  int32_t i = std::bit_cast<int32_t>(x) - 0x3f3504f3;  // relative to sqrt(1/2)
  int32_t e = i >> 23;
  float m = std::bit_cast<float>((i & 0x007fffff) + 0x3f3504f3), f = m - 1.0f;
  float p =
      (((((0.0891873986f * f - 0.1434964091f) * f + 0.1487638801f) * f - 0.1656569541f) * f + 0.1996547688f) * f - 0.2500174642f) * f + 0.3333385587f;
  float n = static_cast<float>(e);
  return (p * f * f * f - 0.5f * f * f) + f + n * 0.69314718f;
}

MO_INLINE float softplus(float x) { return max(x, 0.0f) + log(1.0f + exp(-abs(x))); }
// x (1 + e) / 2 with e = erf(x / sqrt 2) = x P(x^2) / Q(x^2) up to 5.6, where it is 1 in float32; the absolute error of e is 4e-7.
MO_INLINE float gelu_erf(float x) {
  const float end = 5.6f;
  float c = min(max(x, -end), end), u = c * c;
  float p = ((((4.42912527e-8f * u + 1.2712965e-5f) * u + 3.47690596e-4f) * u + 9.41445103e-3f) * u + 0.0687511713f) * u + 0.797884443f;
  float q = ((((1.18021763e-6f * u + 7.5100131e-5f) * u + 1.91294709e-3f) * u + 0.0289397845f) * u + 0.252832528f) * u + 1.0f;
  float e = c * p / q;
  e = x > end ? 1.0f : e;
  e = x < -end ? -1.0f : e;
  return 0.5f * x * (1.0f + e);
}
MO_INLINE float gelu_tanh(float x) { return 0.5f * x * (1.0f + tanh(0.79788456f * (x + 0.044715f * x * x * x))); }

}  // namespace mo::kernels::math
