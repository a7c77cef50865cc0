// Depthwise kernels for AVX-512 VNNI: four taps of a channel are brought together by unpacking and multiplied in one instruction; unpacking and the
// final packing undo each other's order.
#include "kernels/cpu/int8_depthwise.h"
#ifdef __x86_64__
#include "kernels/cpu/int8_avx512.h"
#endif

namespace mo::kernels::int8 {
#ifdef __x86_64__
namespace {

#define MO_DW __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni"), always_inline)) static inline

// Channels of P pixels beside each other.
template <int P>
MO_DW __m512i load(const uint8_t* const (&p)[P], uint64_t live, __m512i flip) {
  __m512i v;
  if constexpr (P == 1) {
    v = ~live == 0 ? _mm512_loadu_si512(p[0]) : _mm512_maskz_loadu_epi8(live, p[0]);
  } else if constexpr (P == 2) {
    const auto m = static_cast<uint32_t>(live);
    v = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_maskz_loadu_epi8(m, p[0])), _mm256_maskz_loadu_epi8(m, p[1]), 1);
  } else {
    const auto m = static_cast<uint16_t>(live);
    __m256i a = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_maskz_loadu_epi8(m, p[0])), _mm_maskz_loadu_epi8(m, p[1]), 1);
    __m256i b = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_maskz_loadu_epi8(m, p[2])), _mm_maskz_loadu_epi8(m, p[3]), 1);
    v = _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
  }
  return _mm512_xor_si512(v, flip);
}

// Bytes of four taps to groups of four per channel.
MO_DW void bring_together(__m512i a, __m512i b, __m512i c, __m512i d, __m512i (&v)[4]) {
  __m512i ab0 = _mm512_unpacklo_epi8(a, b), ab1 = _mm512_unpackhi_epi8(a, b), cd0 = _mm512_unpacklo_epi8(c, d), cd1 = _mm512_unpackhi_epi8(c, d);
  v[0] = _mm512_unpacklo_epi16(ab0, cd0);
  v[1] = _mm512_unpackhi_epi16(ab0, cd0);
  v[2] = _mm512_unpacklo_epi16(ab1, cd1);
  v[3] = _mm512_unpackhi_epi16(ab1, cd1);
}

template <int P>
MO_DW void finish(const __m512i (&acc)[4], const Block& b, const Steps& steps, uint8_t* const (&dst)[P], int stored, uint64_t live) {
  __m512 v[4];
#pragma GCC unroll 4
  for (int z = 0; z < 4; ++z) v[z] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc[z]), _mm512_loadu_ps(&b.scale[16 * z]), _mm512_loadu_ps(&b.add[16 * z]));
  __m512i q = pack_steps(v, steps);
  if constexpr (P == 1) {
    if (b.count == 64) _mm512_storeu_si512(dst[0], q);
    else _mm512_mask_storeu_epi8(dst[0], live, q);
  } else if constexpr (P == 2) {
    const auto m = static_cast<uint32_t>(live);
    if (b.count == 32 && stored == 2) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst[0]), _mm512_castsi512_si256(q));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst[1]), _mm512_extracti64x4_epi64(q, 1));
      return;
    }
    _mm256_mask_storeu_epi8(dst[0], m, _mm512_castsi512_si256(q));
    if (stored > 1) _mm256_mask_storeu_epi8(dst[1], m, _mm512_extracti64x4_epi64(q, 1));
  } else {
    const auto m = static_cast<uint16_t>(live);
    __m128i part[4] = {_mm512_castsi512_si128(q), _mm512_extracti32x4_epi32(q, 1), _mm512_extracti32x4_epi32(q, 2), _mm512_extracti32x4_epi32(q, 3)};
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      if (i < stored) {
        if (b.count == 16) _mm_storeu_si128(reinterpret_cast<__m128i*>(dst[i]), part[i]);
        else _mm_mask_storeu_epi8(dst[i], m, part[i]);
      }
  }
}

template <int P>
MO_VNNI void slide(const Depthwise& d, const Block& b, const uint8_t* image, uint8_t* dst, int64_t y, int64_t rows_left) {
  const uint64_t live = b.count == 64 ? ~uint64_t{0} : (uint64_t{1} << b.count) - 1;
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(d.x.flip)), outside = _mm512_set1_epi8(static_cast<char>(d.x.zero)),
                none = _mm512_setzero_si512();
  const int64_t last = std::min<int64_t>(P, rows_left) - 1;
  const uint8_t* rows[3][P];
  int64_t step[3][P];
  uint8_t* to[P];
  for (int64_t i = 0; i < P; ++i) {
    const int64_t oy = y + std::min(i, last);
    to[i] = dst + oy * d.ow * d.c + b.first;
    for (int64_t k = 0; k < 3; ++k) {
      const int64_t iy = oy * d.sh - d.top + k;
      const bool inside = iy >= 0 && iy < d.h;
      rows[k][i] = inside ? image + iy * d.w * d.c + b.first : d.border.data();
      step[k][i] = inside ? d.c : 0;
    }
  }
  __m512i w[3][4], start[4];
#pragma GCC unroll 3
  for (int k = 0; k < 3; ++k)
#pragma GCC unroll 4
    for (int z = 0; z < 4; ++z) w[k][z] = _mm512_loadu_si512(&b.weights[static_cast<size_t>((k * 4 + z) * 64)]);
#pragma GCC unroll 4
  for (int z = 0; z < 4; ++z) start[z] = _mm512_loadu_si512(&b.start[static_cast<size_t>(16 * z)]);

  __m512i v[3][4];
  auto column = [&](int64_t x, __m512i(&into)[4])
      __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni"), always_inline)) {
    if (x < 0 || x >= d.w) return bring_together(outside, outside, outside, none, into);
    const uint8_t* p[3][P];
#pragma GCC unroll 3
    for (int k = 0; k < 3; ++k)
#pragma GCC unroll 4
      for (int i = 0; i < P; ++i) p[k][i] = rows[k][i] + x * step[k][i];
    bring_together(load<P>(p[0], live, flip), load<P>(p[1], live, flip), load<P>(p[2], live, flip), none, into);
  };
  auto output = [&](const __m512i(&a)[4], const __m512i(&m)[4], const __m512i(&c)[4])
      __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni"), always_inline)) {
    __m512i acc[4];
#pragma GCC unroll 4
    for (int z = 0; z < 4; ++z)
      acc[z] = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(_mm512_dpbusd_epi32(start[z], a[z], w[0][z]), m[z], w[1][z]), c[z], w[2][z]);
    finish<P>(acc, b, d.epilogue.steps, to, static_cast<int>(last) + 1, live);
#pragma GCC unroll 4
    for (int i = 0; i < P; ++i) to[i] += d.c;
  };
  int64_t x = -d.left, ox = 0;
  column(x, v[0]);
  if (d.sw == 1) {
    column(x + 1, v[1]);
    for (; ox + 3 <= d.ow; ox += 3, x += 3) {
      column(x + 2, v[2]);
      output(v[0], v[1], v[2]);
      column(x + 3, v[0]);
      output(v[1], v[2], v[0]);
      column(x + 4, v[1]);
      output(v[2], v[0], v[1]);
    }
    if (ox < d.ow) {
      column(x + 2, v[2]);
      output(v[0], v[1], v[2]);
      if (ox + 1 < d.ow) {
        column(x + 3, v[0]);
        output(v[1], v[2], v[0]);
      }
    }
    return;
  }
  for (; ox + 2 <= d.ow; ox += 2, x += 4) {  // stride 2
    column(x + 1, v[1]);
    column(x + 2, v[2]);
    output(v[0], v[1], v[2]);
    column(x + 3, v[1]);
    column(x + 4, v[0]);
    output(v[2], v[1], v[0]);
  }
  if (ox < d.ow) {
    column(x + 1, v[1]);
    column(x + 2, v[2]);
    output(v[0], v[1], v[2]);
  }
}

template <int P>
MO_VNNI void taps(const Depthwise& d, const Block& b, const uint8_t* const* pointers, int64_t pointer_stride, uint8_t* dst, int64_t pixels) {
  const uint64_t live = b.count == 64 ? ~uint64_t{0} : (uint64_t{1} << b.count) - 1;
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(d.x.flip));
  for (int64_t first = 0; first < pixels; first += P) {
    const int stored = static_cast<int>(std::min<int64_t>(P, pixels - first));
    uint8_t* to[P];
    const uint8_t* const* from[P];
#pragma GCC unroll 4
    for (int i = 0; i < P; ++i) {
      const int64_t at = first + std::min(i, stored - 1);
      to[i] = dst + at * d.c + b.first;
      from[i] = pointers + at * pointer_stride;
    }
    __m512i acc[4];
#pragma GCC unroll 4
    for (int z = 0; z < 4; ++z) acc[z] = _mm512_loadu_si512(&b.start[static_cast<size_t>(16 * z)]);
    const int8_t* w = b.weights.data();
    for (int64_t t = 0; t < d.taps; t += 4, w += 256) {
      __m512i q[4], v[4];
#pragma GCC unroll 4
      for (int64_t k = 0; k < 4; ++k) {
        if (t + k >= d.taps) {
          q[k] = _mm512_setzero_si512();
          continue;
        }
        const uint8_t* p[P];
#pragma GCC unroll 4
        for (int i = 0; i < P; ++i) p[i] = from[i][t + k] + b.first;
        q[k] = load<P>(p, live, flip);
      }
      bring_together(q[0], q[1], q[2], q[3], v);
#pragma GCC unroll 4
      for (int z = 0; z < 4; ++z) acc[z] = _mm512_dpbusd_epi32(acc[z], v[z], _mm512_loadu_si512(w + 64 * z));
    }
    finish<P>(acc, b, d.epilogue.steps, to, stored, live);
  }
}

}  // namespace

void depthwise_slide(const Depthwise& d, const Block& b, const uint8_t* image, uint8_t* dst, int64_t y, int64_t rows_left) {
  if (b.side_by_side == 1) slide<1>(d, b, image, dst, y, rows_left);
  else if (b.side_by_side == 2) slide<2>(d, b, image, dst, y, rows_left);
  else slide<4>(d, b, image, dst, y, rows_left);
}

void depthwise_taps(const Depthwise& d, const Block& b, const uint8_t* const* pointers, int64_t pointer_stride, uint8_t* dst, int64_t pixels) {
  if (b.side_by_side == 1) taps<1>(d, b, pointers, pointer_stride, dst, pixels);
  else if (b.side_by_side == 2) taps<2>(d, b, pointers, pointer_stride, dst, pixels);
  else taps<4>(d, b, pointers, pointer_stride, dst, pixels);
}

#else  // nobody asks
void depthwise_slide(const Depthwise&, const Block&, const uint8_t*, uint8_t*, int64_t, int64_t) {}
void depthwise_taps(const Depthwise&, const Block&, const uint8_t* const*, int64_t, uint8_t*, int64_t) {}
#endif
}  // namespace mo::kernels::int8
