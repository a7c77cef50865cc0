// The inner loops of attention.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 takes the undefined operand of its own intrinsics for a fault
#include "kernels/cpu/attention_tiles.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <limits>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_math.h"
#include "kernels/cpu/vectors.h"

namespace mo::kernels {
namespace {

using Eight = Floats<8>;
typedef int32_t EightIndex __attribute__((vector_size(32)));

// `vectors` of `lanes` columns.
template <int lanes, int rows, int vectors>
MO_INLINE void block(const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* c, int64_t c_stride, int64_t k, bool accumulate) {
  using V = Floats<lanes>;
  V acc[rows][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) acc[i][j] = accumulate ? *reinterpret_cast<const V*>(c + i * c_stride + lanes * j) : V{};
  for (int64_t p = 0; p < k; ++p, b += b_stride) {
    V w[vectors];
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) w[j] = *reinterpret_cast<const V*>(b + lanes * j);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const float v = a[i * a_stride + p];
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) acc[i][j] += w[j] * v;
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) *reinterpret_cast<V*>(c + i * c_stride + lanes * j) = acc[i][j];
}

template <int lanes, int most, int vectors>
MO_INLINE void columns(const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* c, int64_t c_stride, int64_t rows, int64_t k,
                       bool accumulate) {
  int64_t i = 0;
  for (; i + most <= rows; i += most) block<lanes, most, vectors>(a + i * a_stride, a_stride, b, b_stride, c + i * c_stride, c_stride, k, accumulate);
  if constexpr (most > 3)
    if (i + 3 <= rows) block<lanes, 3, vectors>(a + i * a_stride, a_stride, b, b_stride, c + i * c_stride, c_stride, k, accumulate), i += 3;
  for (; i < rows; ++i) block<lanes, 1, vectors>(a + i * a_stride, a_stride, b, b_stride, c + i * c_stride, c_stride, k, accumulate);
}

#define MO_TILE_ARGS                                                                                                                      \
  const float *a, int64_t a_stride, const float *b, int64_t b_stride, float *c, int64_t c_stride, int64_t rows, int64_t k, int64_t width, \
      bool accumulate

MO_AVX512 void product_avx512(MO_TILE_ARGS) {
  int64_t j = 0;
  for (; j + 64 <= width; j += 64) columns<16, 6, 4>(a, a_stride, b + j, b_stride, c + j, c_stride, rows, k, accumulate);
  if (j + 32 <= width) columns<16, 6, 2>(a, a_stride, b + j, b_stride, c + j, c_stride, rows, k, accumulate), j += 32;
  if (j < width) columns<16, 6, 1>(a, a_stride, b + j, b_stride, c + j, c_stride, rows, k, accumulate);
}
MO_AVX2 void product_avx2(MO_TILE_ARGS) {
  int64_t j = 0;
  for (; rows == 1 && j + 64 <= width; j += 64) block<8, 1, 8>(a, a_stride, b + j, b_stride, c + j, c_stride, k, accumulate);
  for (; j < width; j += 16) columns<8, 6, 2>(a, a_stride, b + j, b_stride, c + j, c_stride, rows, k, accumulate);
}
void product_scalar(MO_TILE_ARGS) {
  for (int64_t j = 0; j < width; j += 16) columns<4, 2, 4>(a, a_stride, b + j, b_stride, c + j, c_stride, rows, k, accumulate);
}

// Eight keys of eight elements, transposed in registers.
MO_INLINE void transpose_eight(const float* src, int64_t stride, float* dst, int64_t dst_stride) {
  Eight r[8], t[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) r[i] = *reinterpret_cast<const Eight*>(src + i * stride);
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    t[i] = __builtin_shuffle(r[i], r[i + 1], EightIndex{0, 8, 1, 9, 4, 12, 5, 13});
    t[i + 1] = __builtin_shuffle(r[i], r[i + 1], EightIndex{2, 10, 3, 11, 6, 14, 7, 15});
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    r[i] = __builtin_shuffle(t[i], t[i + 2], EightIndex{0, 1, 8, 9, 4, 5, 12, 13});
    r[i + 1] = __builtin_shuffle(t[i], t[i + 2], EightIndex{2, 3, 10, 11, 6, 7, 14, 15});
    r[i + 2] = __builtin_shuffle(t[i + 1], t[i + 3], EightIndex{0, 1, 8, 9, 4, 5, 12, 13});
    r[i + 3] = __builtin_shuffle(t[i + 1], t[i + 3], EightIndex{2, 3, 10, 11, 6, 7, 14, 15});
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    *reinterpret_cast<Eight*>(dst + i * dst_stride) = __builtin_shuffle(r[i], r[i + 4], EightIndex{0, 1, 2, 3, 8, 9, 10, 11});
    *reinterpret_cast<Eight*>(dst + (i + 4) * dst_stride) = __builtin_shuffle(r[i], r[i + 4], EightIndex{4, 5, 6, 7, 12, 13, 14, 15});
  }
}

MO_INLINE void pack_body(const float* src, int64_t key_stride, int64_t width_stride, float* dst, int64_t keys, int64_t width) {
  int64_t done = 0;  // of the width, for all keys
  if (width_stride == 1 && keys == k_key_tile) {
    for (; done + 8 <= width; done += 8)
      for (int64_t j = 0; j < k_key_tile; j += 8) transpose_eight(src + j * key_stride + done, key_stride, dst + done * k_key_tile + j, k_key_tile);
  }
  for (int64_t e = done; e < width; ++e) {
    const float* from = src + e * width_stride;
    float* to = dst + e * k_key_tile;
    if (key_stride == 1) {
      for (int64_t j = 0; j < keys; ++j) to[j] = from[j];
    } else {
      for (int64_t j = 0; j < keys; ++j) to[j] = from[j * key_stride];
    }
    for (int64_t j = keys; j < k_key_tile; ++j) to[j] = 0;
  }
}
MO_SIMD_PLAIN(pack, void, (const float* src, int64_t key_stride, int64_t width_stride, float* dst, int64_t keys, int64_t width),
              (src, key_stride, width_stride, dst, keys, width))

// exp(x) for x <= 0; 0 below -87.
MO_INLINE float exp_negative(float x) {
  const float magic = 12582912.f;
  float c = math::max(x, -87.3f);
  float t = c * 1.44269504f + magic;
  float n = t - magic;
  float r = c - n * 0.693145752f;
  r = r - n * 1.42860677e-6f;
  float q = ((0.0013950461f * r + 0.0083688758f) * r + 0.0416662060f) * r + 0.1666651964f;
  float p = (q * r + 0.5f) * r * r + r + 1.0f;
  float y = p * std::bit_cast<float>((std::bit_cast<int32_t>(t) - std::bit_cast<int32_t>(magic) + 127) << 23);
  y = x < -87.0f ? 0.0f : y;
  return x != x ? x : y;
}

MO_INLINE float softmax_body(float* s, const float* mask, int64_t n, int64_t padded, bool zero_empty) {
  float m = -std::numeric_limits<float>::infinity();
  if (mask) {
#pragma omp simd reduction(max : m)
    for (int64_t i = 0; i < n; ++i) {
      float v = s[i] + mask[i];
      s[i] = v;
      m = v > m ? v : m;
    }
  } else {
#pragma omp simd reduction(max : m)
    for (int64_t i = 0; i < padded; ++i) m = s[i] > m ? s[i] : m;
  }
  if (zero_empty && m == -std::numeric_limits<float>::infinity()) {
    for (int64_t i = 0; i < n; ++i) s[i] = 0;
    return 0;
  }
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < padded; ++i) {
    float e = exp_negative(s[i] - m);
    s[i] = e;
    sum += e;
  }
  return sum;
}
float softmax_scalar(float* s, const float* mask, int64_t n, int64_t padded, bool zero_empty) { return softmax_body(s, mask, n, padded, zero_empty); }
MO_AVX2 float softmax_avx2(float* s, const float* mask, int64_t n, int64_t padded, bool zero_empty) {
  return softmax_body(s, mask, n, padded, zero_empty);
}

#ifdef __x86_64__
MO_AVX512 inline __mmask16 live_lanes(int64_t left) { return left >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << left) - 1); }

// exp(d) = 2^n 2^r with n the nearest whole number to d log2 e; the polynomial is a minimax fit of 2^r made for libmo, its relative error 2e-9.
MO_AVX512 float softmax_wide(float* s, const float* mask, int64_t n, int64_t padded, bool zero_empty) {
  const float nothing = -std::numeric_limits<float>::infinity();
  __m512 most = _mm512_set1_ps(nothing);
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 live = live_lanes(n - i);
    __m512 v = _mm512_maskz_loadu_ps(live, s + i);
    if (mask) {
      v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(live, mask + i));
      _mm512_mask_storeu_ps(s + i, live, v);
    }
    most = _mm512_mask_max_ps(most, live, v, most);
  }
  const float m = _mm512_reduce_max_ps(most);
  if (zero_empty && m == nothing) {
    for (int64_t i = 0; i < n; ++i) s[i] = 0;
    return 0;
  }
  const __m512 largest = _mm512_set1_ps(m), lowest = _mm512_set1_ps(-104.0f), log2_e = _mm512_set1_ps(1.44269504f);
  __m512 sum = _mm512_setzero_ps();
  for (int64_t i = 0; i < padded; i += 16) {
    const __mmask16 live = live_lanes(padded - i);
    const __m512 d = _mm512_max_ps(lowest, _mm512_sub_ps(_mm512_maskz_loadu_ps(live, s + i), largest));  // NaN stays
    const __m512 whole = _mm512_roundscale_ps(_mm512_mul_ps(d, log2_e), 8), r = _mm512_fmsub_ps(d, log2_e, whole);
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(1.53458056e-4f), r, _mm512_set1_ps(1.33999312e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.61848898e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.0555032878f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.240226469f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.693147206f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    const __m512 y = _mm512_scalef_ps(p, whole);
    _mm512_mask_storeu_ps(s + i, live, y);
    sum = _mm512_mask_add_ps(sum, live, sum, y);
  }
  return _mm512_reduce_add_ps(sum);
}
#else
constexpr auto softmax_wide = softmax_scalar;
#endif

MO_INLINE void mask_body(float* s, const uint8_t* mask, int64_t n, bool keeps, float fill) {
  const uint8_t turn = keeps ? 0 : 1;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) s[i] = ((mask[i] != 0 ? 1 : 0) ^ turn) != 0 ? s[i] : fill;
}
MO_SIMD_PLAIN(mask, void, (float* s, const uint8_t* mask, int64_t n, bool keeps, float fill), (s, mask, n, keeps, fill))

MO_INLINE void scale_body(const float* x, float* y, int64_t n, float factor) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * factor;
}
MO_SIMD_PLAIN(scale, void, (const float* x, float* y, int64_t n, float factor), (x, y, n, factor))

MO_INLINE void cap_body(float* s, int64_t n, float cap) {
  const float inverse = 1 / cap;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) s[i] = cap * math::tanh(s[i] * inverse);
}
MO_SIMD_PLAIN(cap, void, (float* s, int64_t n, float cap), (s, n, cap))

}  // namespace

TileProduct tile_product() { return pick(product_scalar, product_avx2, product_avx512); }
PackKeys pack_keys() { return pack_pick(); }
SoftmaxParts softmax_parts() { return pick(softmax_scalar, softmax_avx2, softmax_wide); }
MaskRow mask_row() { return mask_pick(); }
ScaleRow scale_row() { return scale_pick(); }
CapRow cap_row() { return cap_pick(); }

}  // namespace mo::kernels
