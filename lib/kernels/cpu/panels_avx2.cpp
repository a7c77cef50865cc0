// Products with panels of 8-bit weights for AVX2: bytes become 16-bit integers in registers and meet rows of 16-bit integers, which is exact.
#include "kernels/cpu/panels_avx2.h"

#include <bit>
#include <cstring>

#include "base/error.h"
#include "kernels/cpu/simd.h"

#ifdef __x86_64__
#include <immintrin.h>

namespace mo::kernels::words {
namespace {

// So many fours of k meet in one 32-bit sum: 512 products of 255 x 16256.
constexpr int64_t k_fours = k_section / 4;
constexpr int64_t k_ahead = 1536;  // bytes of weights asked for early: the processor itself stops at the border of a page

MO_AVX2 MO_INLINE __m256i pair(const int16_t* x) { return _mm256_set1_epi32(*reinterpret_cast<const int32_t __attribute__((may_alias))*>(x)); }

// The sum stays in its register: left alone, GCC adds products first, as a tree, and spills them.
MO_AVX2 MO_INLINE void add(__m256i& sum, __m256i weights, __m256i x) {
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(weights, x));
  asm("" : "+x"(sum));
}

// Of eight columns with four of k each: the first and third, or (half 1) the second and fourth.
MO_AVX2 MO_INLINE __m256i words_of(const uint8_t* w, int half) {
  const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
  return half ? _mm256_srli_epi16(v, 8) : _mm256_and_si256(v, _mm256_set1_epi16(255));
}

// sums[i * sums_stride ...][0, 8 Z): rows from x on, `fours` of k, columns from w on; one four of k of all columns of the panel is `w_step` bytes.
template <int rows, int Z>
MO_AVX2 MO_INLINE void sum_part(const uint8_t* w, int64_t w_step, const int16_t* x, int64_t x_stride, int64_t fours, int32_t* sums,
                                int64_t sums_stride) {
  __m256i acc[rows][Z];
#pragma GCC unroll 6
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int z = 0; z < Z; ++z) acc[i][z] = _mm256_setzero_si256();
  for (int64_t e = 0; e < fours; ++e, w += w_step, x += 4) {
    if constexpr (rows == 1)
#pragma GCC unroll 4
      for (int z = 0; z < Z; z += 2) _mm_prefetch(reinterpret_cast<const char*>(w) + k_ahead + 32 * z, _MM_HINT_T0);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      // whichever is fewer is held in registers
      if constexpr (rows < Z) {
        __m256i f[rows];
#pragma GCC unroll 6
        for (int i = 0; i < rows; ++i) f[i] = pair(x + i * x_stride + 2 * half);
#pragma GCC unroll 8
        for (int z = 0; z < Z; ++z) {
          const __m256i v = words_of(w + 32 * z, half);
#pragma GCC unroll 6
          for (int i = 0; i < rows; ++i) add(acc[i][z], v, f[i]);
        }
      } else {
        __m256i v[Z];
#pragma GCC unroll 8
        for (int z = 0; z < Z; ++z) v[z] = words_of(w + 32 * z, half);
#pragma GCC unroll 6
        for (int i = 0; i < rows; ++i) {
          const __m256i f = pair(x + i * x_stride + 2 * half);
#pragma GCC unroll 8
          for (int z = 0; z < Z; ++z) add(acc[i][z], v[z], f);
        }
      }
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int z = 0; z < Z; ++z) _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + i * sums_stride + z * 8), acc[i][z]);
}

// A panel's columns from `at` on, and what they meet.
struct Part {
  const Panels& w;
  const PanelRows& x;
  const float* bias;
  float* y;
  int64_t y_stride;
};

// total (+)= real integers: sums less the zero points' part.
template <int rows, int Z>
MO_AVX2 MO_INLINE void add_section(const int32_t* sums, const int32_t* zero, const int32_t* of_rows, int64_t rows_step, bool more, float* total) {
#pragma GCC unroll 1
  for (int z = 0; z < Z; ++z) {
    const __m256i zeros = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(zero) + z);
#pragma GCC unroll 1
    for (int i = 0; i < rows; ++i) {
      const __m256i sum = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums) + i * Z + z);
      const __m256 q = _mm256_cvtepi32_ps(_mm256_sub_epi32(sum, _mm256_mullo_epi32(zeros, _mm256_set1_epi32(of_rows[i * rows_step]))));
      float* at = total + (i * Z + z) * 8;
      _mm256_storeu_ps(at, more ? _mm256_add_ps(_mm256_loadu_ps(at), q) : q);
    }
  }
}

// Rows [row, row + rows) and the columns [at, at + 8 Z) of the matrix, in panel p.
template <int rows, int Z>
MO_AVX2 void part(const Part& t, int64_t p, int64_t at, int64_t row) {
  constexpr int n = 8 * Z;
  const int64_t depth = t.w.depth(), step = 4 * t.w.columns(p), sections = panel_sections(t.w.k), stride = t.x.stride / 2;
  const auto* w = static_cast<const uint8_t*>(t.w.panel(p)) + (at - p * k_panel) * 4;
  const auto* x = static_cast<const int16_t*>(t.x.data) + row * stride;
  int32_t sums[rows * n];
  float total[rows * n];
  for (int64_t s = 0; s < sections; ++s, w += k_fours * step, x += k_section) {
    sum_part<rows, Z>(w, step, x, stride, depth - s * k_fours < k_fours ? depth - s * k_fours : k_fours, sums, n);
    add_section<rows, Z>(sums, t.w.zero.data() + at, t.x.sums + row * sections + s, sections, s > 0, total);
  }
  const int64_t live = t.w.n - at < n ? t.w.n - at : n;
  float bias[n] = {};
  if (t.bias) std::memcpy(bias, t.bias + at, static_cast<size_t>(live) * sizeof(float));
#pragma GCC unroll 1
  for (int i = 0; i < rows; ++i) {
    const __m256 of_row = _mm256_set1_ps(t.x.scale[row + i]);
    float *sum = total + i * n, *y = t.y + (row + i) * t.y_stride + at, *to = live == n ? y : sum;
#pragma GCC unroll 1
    for (int j = 0; j < n; j += 8)
      _mm256_storeu_ps(to + j, _mm256_fmadd_ps(_mm256_loadu_ps(sum + j), _mm256_mul_ps(_mm256_loadu_ps(t.w.scale.data() + at + j), of_row),
                                               _mm256_loadu_ps(bias + j)));
    if (live < n) std::memcpy(y, sum, static_cast<size_t>(live) * sizeof(float));
  }
}

// All columns of panel p, as many at a time as leave their sums in registers.
template <int rows>
MO_AVX2 void all_columns(const Part& t, int64_t p, int64_t row) {
  const int64_t end = p * k_panel + t.w.columns(p);
  int64_t at = p * k_panel;
  if constexpr (rows == 1)
    if (at + 64 <= end) part<1, 8>(t, p, at, row), at += 64;
  if constexpr (rows <= 3)
    for (; at + 32 <= end; at += 32) part<rows, 4>(t, p, at, row);
  for (; at < end; at += 16) part<rows, 2>(t, p, at, row);
}

using Run = void (*)(const Part&, int64_t p, int64_t row);
const Run k_runs[6] = {all_columns<1>, all_columns<2>, all_columns<3>, all_columns<4>, all_columns<5>, all_columns<6>};

void multiply_words(const Panels& w, const PanelRows& x, const float* bias, float* y, int64_t y_stride, int64_t rows, int64_t from, int64_t to,
                    bool falling) {
  const Part t{w, x, bias, y, y_stride};
  for (int64_t e = from; e < to; ++e) {
    const int64_t p = falling ? from + to - 1 - e : e;
    for (int64_t row = 0, m; row < rows; row += m) {
      m = rows - row < 6 ? rows - row : 6;
      k_runs[m - 1](t, p, row);
    }
  }
}

template <int rows>
MO_AVX2 void sum_all(const uint8_t* panel, int64_t columns, int64_t depth, const int16_t* x, int64_t x_stride, int32_t* sums) {
  int64_t at = 0;
  if constexpr (rows == 1)
    if (columns == 64) sum_part<1, 8>(panel, 4 * columns, x, x_stride, depth, sums, k_panel), at = 64;
  if constexpr (rows <= 3)
    for (; at + 32 <= columns; at += 32) sum_part<rows, 4>(panel + 4 * at, 4 * columns, x, x_stride, depth, sums + at, k_panel);
  for (; at < columns; at += 16) sum_part<rows, 2>(panel + 4 * at, 4 * columns, x, x_stride, depth, sums + at, k_panel);
}

MO_AVX2 MO_INLINE __m256 eight(const float* x, int64_t left) {
  if (left >= 8) return _mm256_loadu_ps(x);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(left)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  return _mm256_maskload_ps(x, mask);
}

// The first and third of four k, then the second and fourth.
MO_AVX2 MO_INLINE __m256i word_order() {
  return _mm256_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15, 0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
}

MO_AVX2 MO_INLINE int32_t add_lanes(__m256i v) {
  alignas(32) int32_t lanes[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), v);
  int32_t all = 0;
  for (int32_t lane : lanes) all += lane;
  return all;
}

}  // namespace

MultiplyPanels multiply() { return multiply_words; }

MO_AVX2 void to_words(const float* x, int64_t k, bool fine, int16_t* dst, int64_t count, float* scale, int32_t* sums) {
  // the largest magnitude, as bits: what is not a number is larger than all numbers
  __m256i most = _mm256_setzero_si256();
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  for (int64_t i = 0; i < k; i += 8) most = _mm256_max_epi32(most, _mm256_and_si256(_mm256_castps_si256(eight(x + i, k - i)), magnitude));
  alignas(32) int32_t lanes[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), most);
  int32_t bits = 0;
  for (int32_t lane : lanes) bits = lane > bits ? lane : bits;
  const float high = std::bit_cast<float>(bits), levels = fine ? 16256.0f : 127.0f;
  const bool usable = bits < 0x7f800000 && high > 1e-30f;
  const __m256 inverse = _mm256_set1_ps(usable ? levels / high : 0.0f);
  *scale = bits >= 0x7f800000 ? __builtin_nanf("") : usable ? high / levels : 0.0f;
  const __m256i order = word_order();
  for (int64_t s = 0; s < panel_sections(k); ++s) {
    __m256i sum = _mm256_setzero_si256();
    for (int64_t i = s * k_section; i < count && i < (s + 1) * k_section; i += 16) {
      __m256i a = _mm256_setzero_si256(), b = a;
      if (usable && i < k) {
        a = _mm256_cvtps_epi32(_mm256_mul_ps(eight(x + i, k - i), inverse));
        if (i + 8 < k) b = _mm256_cvtps_epi32(_mm256_mul_ps(eight(x + i + 8, k - i - 8), inverse));
      }
      sum = _mm256_add_epi32(sum, _mm256_add_epi32(a, b));
      const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i), _mm256_shuffle_epi8(words, order));
    }
    sums[s] = add_lanes(sum);
  }
}

void sum_panel(const uint8_t* panel, int64_t columns, int64_t depth, const int16_t* x, int64_t x_stride, int64_t rows, int32_t* sums) {
  switch (rows) {
    case 1: return sum_all<1>(panel, columns, depth, x, x_stride, sums);
    case 2: return sum_all<2>(panel, columns, depth, x, x_stride, sums);
    case 3: return sum_all<3>(panel, columns, depth, x, x_stride, sums);
    default: return sum_all<4>(panel, columns, depth, x, x_stride, sums);
  }
}

MO_AVX2 int32_t bytes_to_words(const uint8_t* x, int64_t k, uint8_t flip, int32_t zero, int16_t* dst, int64_t count) {
  const __m256i zeros = _mm256_set1_epi16(static_cast<int16_t>(zero)), order = word_order(), ones = _mm256_set1_epi16(1);
  const __m128i flips = _mm_set1_epi8(static_cast<char>(flip));
  __m256i sum = _mm256_setzero_si256();
  for (int64_t i = 0; i < count; i += 16) {
    __m256i v = _mm256_setzero_si256();
    if (i + 16 <= k) {
      v = _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i)), flips)), zeros);
    } else if (i < k) {
      alignas(32) int16_t rest[16] = {};
      for (int64_t e = i; e < k; ++e) rest[e - i] = static_cast<int16_t>((x[e] ^ flip) - zero);
      v = _mm256_load_si256(reinterpret_cast<const __m256i*>(rest));
    }
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(v, ones));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i), _mm256_shuffle_epi8(v, order));
  }
  return add_lanes(sum);
}

}  // namespace mo::kernels::words

#else

namespace mo::kernels::words {

void sum_panel(const uint8_t*, int64_t, int64_t, const int16_t*, int64_t, int64_t, int32_t*) {
  fail(Code::internal, "panels of this kind want AVX2");
}
int32_t bytes_to_words(const uint8_t*, int64_t, uint8_t, int32_t, int16_t*, int64_t) { fail(Code::internal, "panels of this kind want AVX2"); }
MultiplyPanels multiply() { fail(Code::internal, "panels of this kind want AVX2"); }
void to_words(const float*, int64_t, bool, int16_t*, int64_t, float*, int32_t*) { fail(Code::internal, "panels of this kind want AVX2"); }

}  // namespace mo::kernels::words

#endif
