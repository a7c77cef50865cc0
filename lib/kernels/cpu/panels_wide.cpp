// Products with panels of 8-bit weights (four of k at once) and of bfloat16 ones (two at once).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 takes the undefined operand of its own intrinsics for a fault
#pragma GCC diagnostic ignored "-Wuninitialized"
#include "kernels/cpu/panels_wide.h"

#include <bit>

#include "base/error.h"
#include "kernels/cpu/simd.h"

#ifdef __x86_64__
#include <immintrin.h>

#define MO_BF16 __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512bf16,prefer-vector-width=512")))

namespace mo::kernels::wide {
namespace {

inline int32_t word(const uint8_t* p) { return *reinterpret_cast<const int32_t __attribute__((may_alias))*>(p); }

// The columns of one panel that exist.
struct Columns {
  int64_t width;
  MO_AVX512 __mmask16 mask(int64_t z) const {
    const int64_t live = width - 16 * z;
    return live >= 16 ? static_cast<__mmask16>(0xffff) : live <= 0 ? static_cast<__mmask16>(0) : static_cast<__mmask16>((1u << live) - 1);
  }
};

// What a panel of 16 Z columns and some rows meet in: pointers to their first elements.
struct Part {
  const uint8_t* w;
  int64_t depth;
  const uint8_t* x;
  int64_t x_stride;
  const float* bias;
  float* y;
  int64_t y_stride;
  Columns columns;
  // 8-bit
  const float *x_scale, *scale;
  const int32_t *sums, *zero;
};

// parts: 2 for fine rows.
template <int parts, int rows, int Z>
MO_VNNI void bytes_part(const Part& t) {
  __m512i acc[parts][rows][Z];
#pragma GCC unroll 2
  for (int p = 0; p < parts; ++p)
#pragma GCC unroll 6
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
      for (int z = 0; z < Z; ++z) acc[p][i][z] = _mm512_setzero_si512();
  const uint8_t *w = t.w, *x = t.x;
  const int64_t half = t.x_stride / 2;
  for (int64_t e = 0; e < t.depth; ++e, w += 64 * Z, x += 4) {
    __m512i v[parts][rows];
#pragma GCC unroll 2
    for (int p = 0; p < parts; ++p)
#pragma GCC unroll 6
      for (int i = 0; i < rows; ++i) v[p][i] = _mm512_set1_epi32(word(x + i * t.x_stride + p * half));
#pragma GCC unroll 4
    for (int z = 0; z < Z; ++z) {
      const __m512i b = _mm512_loadu_si512(w + 64 * z);
#pragma GCC unroll 2
      for (int p = 0; p < parts; ++p)
#pragma GCC unroll 6
        for (int i = 0; i < rows; ++i) acc[p][i][z] = _mm512_dpbusd_epi32(acc[p][i][z], b, v[p][i]);
    }
  }
  // through memory, so that the compiler keeps the sums in registers until here
  alignas(64) int32_t sums[parts][rows][16 * Z];
#pragma GCC unroll 2
  for (int p = 0; p < parts; ++p)
#pragma GCC unroll 6
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
      for (int z = 0; z < Z; ++z) _mm512_store_si512(sums[p][i] + 16 * z, acc[p][i][z]);
  for (int z = 0; z < Z; ++z) {
    const __mmask16 mask = t.columns.mask(z);
    const __m512i zero = _mm512_loadu_si512(t.zero + 16 * z);
    const __m512 scale = _mm512_loadu_ps(t.scale + 16 * z), bias = t.bias ? _mm512_maskz_loadu_ps(mask, t.bias + 16 * z) : _mm512_setzero_ps();
    for (int i = 0; i < rows; ++i) {
      __m512 sum = _mm512_setzero_ps();
      for (int p = 0; p < parts; ++p) {
        const __m512i q = _mm512_sub_epi32(_mm512_load_si512(sums[p][i] + 16 * z), _mm512_mullo_epi32(zero, _mm512_set1_epi32(t.sums[2 * i + p])));
        sum = _mm512_fmadd_ps(sum, _mm512_set1_ps(128.0f), _mm512_cvtepi32_ps(q));
      }
      const __m512 v = _mm512_fmadd_ps(sum, _mm512_mul_ps(scale, _mm512_set1_ps(t.x_scale[i])), bias);
      _mm512_mask_storeu_ps(t.y + i * t.y_stride + 16 * z, mask, v);
    }
  }
}

template <int rows, int Z>
MO_BF16 void halves_part(const Part& t) {
  __m512 acc[rows][Z], even[Z];
#pragma GCC unroll 4
  for (int z = 0; z < Z; ++z) {
    even[z] = _mm512_setzero_ps();
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) acc[i][z] = _mm512_setzero_ps();
  }
  const uint8_t *w = t.w, *x = t.x;
  int64_t e = 0;
  if constexpr (rows == 1) {  // two sums of each column, so that additions do not wait for one another
    for (; e + 2 <= t.depth; e += 2, w += 128 * Z, x += 8) {
      const __m512bh a = reinterpret_cast<__m512bh>(_mm512_set1_epi32(word(x))), b = reinterpret_cast<__m512bh>(_mm512_set1_epi32(word(x + 4)));
#pragma GCC unroll 4
      for (int z = 0; z < Z; ++z) {
        acc[0][z] = _mm512_dpbf16_ps(acc[0][z], reinterpret_cast<__m512bh>(_mm512_loadu_si512(w + 64 * z)), a);
        even[z] = _mm512_dpbf16_ps(even[z], reinterpret_cast<__m512bh>(_mm512_loadu_si512(w + 64 * (Z + z))), b);
      }
    }
  }
  for (; e < t.depth; ++e, w += 64 * Z, x += 4) {
    __m512bh v[Z];
#pragma GCC unroll 4
    for (int z = 0; z < Z; ++z) v[z] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(w + 64 * z));
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
      const __m512bh a = reinterpret_cast<__m512bh>(_mm512_set1_epi32(word(x + i * t.x_stride)));
#pragma GCC unroll 4
      for (int z = 0; z < Z; ++z) acc[i][z] = _mm512_dpbf16_ps(acc[i][z], v[z], a);
    }
  }
  if constexpr (rows == 1)
#pragma GCC unroll 4
    for (int z = 0; z < Z; ++z) acc[0][z] = _mm512_add_ps(acc[0][z], even[z]);
  alignas(64) float sums[rows][16 * Z];
#pragma GCC unroll 4
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int z = 0; z < Z; ++z) _mm512_store_ps(sums[i] + 16 * z, acc[i][z]);
  for (int z = 0; z < Z; ++z) {
    const __mmask16 mask = t.columns.mask(z);
    const __m512 bias = t.bias ? _mm512_maskz_loadu_ps(mask, t.bias + 16 * z) : _mm512_setzero_ps();
    for (int i = 0; i < rows; ++i) _mm512_mask_storeu_ps(t.y + i * t.y_stride + 16 * z, mask, _mm512_add_ps(_mm512_load_ps(sums[i] + 16 * z), bias));
  }
}

using Run = void (*)(const Part&);

// The rows of one panel, `most` at a time; by_rows[m - 1][Z - 1].
template <int most>
void rows_of_panel(const Run (&by_rows)[most][4], int registers, Part t, int64_t rows) {
  while (rows > 0) {
    const int64_t m = rows < most ? rows : most;
    by_rows[m - 1][registers - 1](t);
    rows -= m;
    t.x += m * t.x_stride;
    t.y += m * t.y_stride;
    if (t.x_scale) t.x_scale += m, t.sums += 2 * m;
  }
}

template <int most>
void panels(const Run (&by_rows)[most][4], const Panels& w, const PanelRows& x, const float* bias, float* y, int64_t y_stride, int64_t rows,
            int64_t from, int64_t to, bool falling) {
  for (int64_t e = from; e < to; ++e) {
    const int64_t p = falling ? from + to - 1 - e : e, at = p * k_panel;
    Part t{static_cast<const uint8_t*>(w.panel(p)),
           w.depth(),
           static_cast<const uint8_t*>(x.data),
           x.stride,
           bias ? bias + at : nullptr,
           y + at,
           y_stride,
           {w.n - at},
           x.scale,
           nullptr,
           x.sums,
           nullptr};
    if (x.scale) t.scale = w.scale.data() + at, t.zero = w.zero.data() + at;
    rows_of_panel(by_rows, static_cast<int>(w.columns(p) / 16), t, rows);
  }
}

#define MO_WIDTHS(...) \
  { __VA_ARGS__, 1 >, __VA_ARGS__, 2 >, __VA_ARGS__, 3 >, __VA_ARGS__, 4 > }
const Run k_fine[3][4] = {MO_WIDTHS(bytes_part < 2, 1), MO_WIDTHS(bytes_part < 2, 2), MO_WIDTHS(bytes_part < 2, 3)};
const Run k_coarse[6][4] = {MO_WIDTHS(bytes_part < 1, 1), MO_WIDTHS(bytes_part < 1, 2), MO_WIDTHS(bytes_part < 1, 3),
                            MO_WIDTHS(bytes_part < 1, 4), MO_WIDTHS(bytes_part < 1, 5), MO_WIDTHS(bytes_part < 1, 6)};
const Run k_halves[4][4] = {MO_WIDTHS(halves_part < 1), MO_WIDTHS(halves_part < 2), MO_WIDTHS(halves_part < 3), MO_WIDTHS(halves_part < 4)};
#undef MO_WIDTHS

void multiply_bytes(const Panels& w, const PanelRows& x, const float* bias, float* y, int64_t y_stride, int64_t rows, int64_t from, int64_t to,
                    bool falling) {
  if (x.fine) panels(k_fine, w, x, bias, y, y_stride, rows, from, to, falling);
  else panels(k_coarse, w, x, bias, y, y_stride, rows, from, to, falling);
}

void multiply_halves(const Panels& w, const PanelRows& x, const float* bias, float* y, int64_t y_stride, int64_t rows, int64_t from, int64_t to,
                     bool falling) {
  panels(k_halves, w, x, bias, y, y_stride, rows, from, to, falling);
}

MO_AVX512 inline __mmask16 up_to(int64_t n) { return n >= 16 ? static_cast<__mmask16>(0xffff) : n <= 0 ? 0 : static_cast<__mmask16>((1u << n) - 1); }

}  // namespace

MultiplyPanels multiply(PanelKind kind) { return kind == PanelKind::i8 ? multiply_bytes : multiply_halves; }

MO_BF16 void to_bf16(const float* x, int64_t k, uint8_t* dst, int64_t bytes) {
  for (int64_t i = 0; i < bytes / 2; i += 16) {
    const __m512 v = _mm512_maskz_loadu_ps(up_to(k - i), x + i);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + 2 * i), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)));
  }
}

MO_AVX512 void to_bytes(const float* x, int64_t k, bool fine, uint8_t* dst, int64_t bytes, float* scale, int32_t* sums) {
  // the largest magnitude, as bits: what is not a number is larger than all numbers
  __m512i most = _mm512_setzero_si512();
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  for (int64_t i = 0; i < k; i += 16)
    most = _mm512_max_epi32(most, _mm512_and_si512(_mm512_castps_si512(_mm512_maskz_loadu_ps(up_to(k - i), x + i)), magnitude));
  const int32_t bits = _mm512_reduce_max_epi32(most);
  const float high = std::bit_cast<float>(bits), levels = fine ? 16256.0f : 127.0f;
  const bool usable = bits < 0x7f800000 && high > 1e-30f;
  const __m512 inverse = _mm512_set1_ps(usable ? levels / high : 0.0f);
  *scale = bits >= 0x7f800000 ? __builtin_nanf("") : usable ? high / levels : 0.0f;
  __m512i high_sum = _mm512_setzero_si512(), low_sum = high_sum;
  const int64_t end = fine ? bytes / 2 : bytes;
  for (int64_t i = 0; i < end; i += 16) {
    const __mmask16 mask = usable ? up_to(k - i) : static_cast<__mmask16>(0);
    const __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(mask, x + i), inverse));
    const __m512i h = fine ? _mm512_srai_epi32(_mm512_add_epi32(q, _mm512_set1_epi32(64)), 7) : q;
    high_sum = _mm512_add_epi32(high_sum, h);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i), _mm512_cvtepi32_epi8(h));
    if (!fine) continue;
    const __m512i l = _mm512_sub_epi32(q, _mm512_slli_epi32(h, 7));
    low_sum = _mm512_add_epi32(low_sum, l);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + end + i), _mm512_cvtepi32_epi8(l));
  }
  sums[0] = _mm512_reduce_add_epi32(high_sum);
  sums[1] = _mm512_reduce_add_epi32(low_sum);
}

}  // namespace mo::kernels::wide

#else

namespace mo::kernels::wide {

MultiplyPanels multiply(PanelKind) { fail(Code::internal, "panels of this kind want AVX-512"); }
void to_bf16(const float*, int64_t, uint8_t*, int64_t) { fail(Code::internal, "panels of this kind want AVX-512"); }
void to_bytes(const float*, int64_t, bool, uint8_t*, int64_t, float*, int32_t*) { fail(Code::internal, "panels of this kind want AVX-512"); }

}  // namespace mo::kernels::wide

#endif
