// Products with panels of 8-bit weights for AVX2: bytes become 16-bit integers in registers and meet rows of 16-bit integers, which is exact.
#include "kernels/cpu/panels_avx2.h"

#include <cstring>

#include "base/error.h"
#include "kernels/cpu/simd.h"

#ifdef __x86_64__
#include <immintrin.h>

namespace mo::kernels::words {
namespace {

// So many fours of k meet in one 32-bit sum: 512 products of 255 x 16256.
constexpr int64_t k_fours = k_section / 4;
constexpr int64_t k_ahead = 384;  // bytes of each sixteen asked for early: the processor itself stops at the border of a page
constexpr int64_t k_step = 64;    // bytes of one four of k of a sixteen of columns

MO_AVX2 MO_INLINE __m256i four(const uint8_t* x) { return _mm256_set1_epi32(*reinterpret_cast<const int32_t __attribute__((may_alias))*>(x)); }
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

// Register z of columns: they lie in sixteens, `part` bytes from one to the next.
MO_AVX2 MO_INLINE const uint8_t* columns_at(const uint8_t* w, int64_t part, int z) { return w + z / 2 * part + z % 2 * 32; }

// sums[i * sums_stride ...][0, 8 Z): rows from x on, `fours` of k, columns from w on, whose sixteens lie `part` bytes apart.
template <int rows, int Z>
MO_AVX2 MO_INLINE void sum_part(const uint8_t* w, int64_t part, const int16_t* x, int64_t x_stride, int64_t fours, int32_t* sums,
                                int64_t sums_stride) {
  __m256i acc[rows][Z];
#pragma GCC unroll 6
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int z = 0; z < Z; ++z) acc[i][z] = _mm256_setzero_si256();
  for (int64_t e = 0; e < fours; ++e, w += k_step, x += 4) {
    if constexpr (rows == 1)
#pragma GCC unroll 4
      for (int z = 0; z < Z; z += 2) _mm_prefetch(reinterpret_cast<const char*>(columns_at(w, part, z)) + k_ahead, _MM_HINT_T0);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      // whichever is fewer is held in registers
      if constexpr (rows < Z) {
        __m256i f[rows];
#pragma GCC unroll 6
        for (int i = 0; i < rows; ++i) f[i] = pair(x + i * x_stride + 2 * half);
#pragma GCC unroll 8
        for (int z = 0; z < Z; ++z) {
          const __m256i v = words_of(columns_at(w, part, z), half);
#pragma GCC unroll 6
          for (int i = 0; i < rows; ++i) add(acc[i][z], v, f[i]);
        }
      } else {
        __m256i v[Z];
#pragma GCC unroll 8
        for (int z = 0; z < Z; ++z) v[z] = words_of(columns_at(w, part, z), half);
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

// y = total times the scales, plus the bias.
template <int rows, int Z>
MO_AVX2 MO_INLINE void finish(const Part& t, int64_t at, int64_t row, float* total) {
  constexpr int n = 8 * Z;
  const int64_t live = t.w.n - at < n ? t.w.n - at : n;
  float bias[n] = {};
  if (t.bias) std::memcpy(bias, t.bias + at, static_cast<size_t>(live) * sizeof(float));
#pragma GCC unroll 1
  for (int i = 0; i < rows; ++i) {
    const __m256 of_row = _mm256_set1_ps(t.x.scale[row + i]);
    float *sum = total + i * n, *y = t.y + (row + i) * t.y_stride + at, *to = live == n ? y : sum;
#pragma GCC unroll 1
    for (int j = 0; j < n; j += 8) {
      const __m256 scale = _mm256_mul_ps(_mm256_loadu_ps(t.w.scale.data() + at + j), of_row);
      _mm256_storeu_ps(to + j, _mm256_fmadd_ps(_mm256_loadu_ps(sum + j), scale, _mm256_loadu_ps(bias + j)));
    }
    if (live < n) std::memcpy(y, sum, static_cast<size_t>(live) * sizeof(float));
  }
}

// Rows [row, row + rows) and the columns [at, at + 8 Z) of the matrix, in panel p.
template <int rows, int Z>
MO_AVX2 void part(const Part& t, int64_t p, int64_t at, int64_t row) {
  constexpr int n = 8 * Z;
  const int64_t depth = t.w.depth(), part = k_step * depth, sections = panel_sections(t.w.k), sums_step = panel_sums(t.w.k), stride = t.x.stride / 2;
  const auto* w = static_cast<const uint8_t*>(t.w.panel(p)) + (at - p * k_panel) / 16 * part;
  const auto* x = static_cast<const int16_t*>(t.x.data) + row * stride;
  int32_t sums[rows * n];
  float total[rows * n];
  for (int64_t s = 0; s < sections; ++s, w += k_fours * k_step, x += k_section) {
    sum_part<rows, Z>(w, part, x, stride, depth - s * k_fours < k_fours ? depth - s * k_fours : k_fours, sums, n);
    add_section<rows, Z>(sums, t.w.zero.data() + at, t.x.sums + row * sums_step + s, sums_step, s > 0, total);
  }
  finish<rows, Z>(t, at, row, total);
}

// The same for the one row that is given as magnitudes and masks.
template <int Z>
MO_AVX2 void signs_part(const Part& t, int64_t p, int64_t at) {
  const int64_t depth = t.w.depth(), part = k_step * depth;
  const auto* w = static_cast<const uint8_t*>(t.w.panel(p)) + (at - p * k_panel) / 16 * part;
  const auto *x = static_cast<const uint8_t*>(t.x.data), *mask = x + t.x.stride / 2;
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i acc[Z];
#pragma GCC unroll 8
  for (int z = 0; z < Z; ++z) acc[z] = _mm256_setzero_si256();
  for (int64_t e = 0; e < depth; ++e, w += k_step, x += 4, mask += 4) {
#pragma GCC unroll 4
    for (int z = 0; z < Z; z += 2) _mm_prefetch(reinterpret_cast<const char*>(columns_at(w, part, z)) + k_ahead, _MM_HINT_T0);
    const __m256i magnitudes = four(x), masks = four(mask);
#pragma GCC unroll 8
    for (int z = 0; z < Z; ++z) {
      const __m256i v = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns_at(w, part, z))), masks);
      add(acc[z], _mm256_maddubs_epi16(magnitudes, v), ones);
    }
  }
  float total[8 * Z];
  const __m256i of_row = _mm256_set1_epi32(t.x.sums[0]), negative = _mm256_set1_epi32(t.x.sums[1]), middle = _mm256_set1_epi32(128);
#pragma GCC unroll 8
  for (int z = 0; z < Z; ++z) {
    const __m256i shift = _mm256_sub_epi32(middle, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(t.w.zero.data() + at) + z));
    const __m256i sum = _mm256_add_epi32(_mm256_add_epi32(acc[z], negative), _mm256_mullo_epi32(shift, of_row));
    _mm256_storeu_ps(total + 8 * z, _mm256_cvtepi32_ps(sum));
  }
  finish<1, Z>(t, at, 0, total);
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

MO_AVX2 void signs_columns(const Part& t, int64_t p) {
  const int64_t end = p * k_panel + t.w.columns(p);
  int64_t at = p * k_panel;
  if (at + 64 <= end) signs_part<8>(t, p, at), at += 64;
  if (at + 32 <= end) signs_part<4>(t, p, at), at += 32;
  if (at < end) signs_part<2>(t, p, at);
}

using Run = void (*)(const Part&, int64_t p, int64_t row);
const Run k_runs[6] = {all_columns<1>, all_columns<2>, all_columns<3>, all_columns<4>, all_columns<5>, all_columns<6>};

void multiply_words(const Panels& w, const PanelRows& x, const float* bias, float* y, int64_t y_stride, int64_t rows, int64_t from, int64_t to,
                    bool falling) {
  const Part t{w, x, bias, y, y_stride};
  for (int64_t e = from; e < to; ++e) {
    const int64_t p = falling ? from + to - 1 - e : e;
    if (x.signs) {
      signs_columns(t, p);
      continue;
    }
    for (int64_t row = 0, m; row < rows; row += m) {
      const int64_t left = rows - row;
      m = left <= 6 ? left : left <= 8 ? 4 : 6;
      k_runs[m - 1](t, p, row);
    }
  }
}

template <int rows>
MO_AVX2 void sum_all(const uint8_t* panel, int64_t columns, int64_t depth, const int16_t* x, int64_t x_stride, int32_t* sums) {
  const int64_t part = k_step * depth;
  int64_t at = 0;
  if constexpr (rows == 1)
    if (columns == 64) sum_part<1, 8>(panel, part, x, x_stride, depth, sums, k_panel), at = 64;
  if constexpr (rows <= 3)
    for (; at + 32 <= columns; at += 32) sum_part<rows, 4>(panel + at / 16 * part, part, x, x_stride, depth, sums + at, k_panel);
  for (; at < columns; at += 16) sum_part<rows, 2>(panel + at / 16 * part, part, x, x_stride, depth, sums + at, k_panel);
}

}  // namespace

MultiplyPanels multiply() { return multiply_words; }

void sum_panel(const uint8_t* panel, int64_t columns, int64_t depth, const int16_t* x, int64_t x_stride, int64_t rows, int32_t* sums) {
  switch (rows) {
    case 1: return sum_all<1>(panel, columns, depth, x, x_stride, sums);
    case 2: return sum_all<2>(panel, columns, depth, x, x_stride, sums);
    case 3: return sum_all<3>(panel, columns, depth, x, x_stride, sums);
    default: return sum_all<4>(panel, columns, depth, x, x_stride, sums);
  }
}

}  // namespace mo::kernels::words

#else

namespace mo::kernels::words {

void sum_panel(const uint8_t*, int64_t, int64_t, const int16_t*, int64_t, int64_t, int32_t*) {
  fail(Code::internal, "panels of this kind want AVX2");
}
MultiplyPanels multiply() { fail(Code::internal, "panels of this kind want AVX2"); }

}  // namespace mo::kernels::words

#endif
