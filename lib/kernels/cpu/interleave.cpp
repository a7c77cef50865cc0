// Three planes of bytes to pixels: each 16 bytes of the result gather from the planes by byte shuffles.
#include "kernels/cpu/interleave.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "kernels/cpu/simd.h"

namespace mo::kernels {
namespace {

void plain(const uint8_t* a, const uint8_t* b, const uint8_t* c, uint8_t* dst, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    dst[3 * i] = a[i];
    dst[3 * i + 1] = b[i];
    dst[3 * i + 2] = c[i];
  }
}

#ifdef __x86_64__
MO_AVX2 void shuffled(const uint8_t* a, const uint8_t* b, const uint8_t* c, uint8_t* dst, int64_t n) {
  alignas(16) int8_t at[3][3][16];  // [block of 16 results][plane]: the pixel that each byte takes, -1 where another plane's
  for (int block = 0; block < 3; ++block)
    for (int i = 0; i < 16; ++i)
      for (int plane = 0; plane < 3; ++plane) at[block][plane][i] = static_cast<int8_t>((16 * block + i) % 3 == plane ? (16 * block + i) / 3 : -1);
  __m128i m[3][3];
  for (int block = 0; block < 3; ++block)
    for (int plane = 0; plane < 3; ++plane) m[block][plane] = _mm_load_si128(reinterpret_cast<const __m128i*>(at[block][plane]));
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i)), y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i)),
            z = _mm_loadu_si128(reinterpret_cast<const __m128i*>(c + i));
#pragma GCC unroll 3
    for (int block = 0; block < 3; ++block)
      _mm_storeu_si128(
          reinterpret_cast<__m128i*>(dst + 3 * i + 16 * block),
          _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(x, m[block][0]), _mm_shuffle_epi8(y, m[block][1])), _mm_shuffle_epi8(z, m[block][2])));
  }
  plain(a + i, b + i, c + i, dst + 3 * i, n - i);
}
#else
constexpr auto shuffled = plain;
#endif

}  // namespace

void interleave3(const uint8_t* a, const uint8_t* b, const uint8_t* c, uint8_t* dst, int64_t n) {
  if (isa() >= Isa::avx2) shuffled(a, b, c, dst, n);
  else plain(a, b, c, dst, n);
}

}  // namespace mo::kernels
