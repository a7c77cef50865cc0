// Depthwise sums for AVX2: pairs of taps of 16 channels by 16-bit multiply-add, which is exact.
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <algorithm>

#include "kernels/cpu/int8_depthwise.h"

namespace mo::kernels::int8 {

std::vector<int16_t> pair_taps(const std::vector<int16_t>& weights, int64_t taps, int64_t channels) {
  std::vector<int16_t> out;
  for (int64_t first = 0; first < channels; first += 16) {
    const int64_t at = std::min(first, channels - 16);
    for (int64_t t = 0; t < taps; t += 2)
      for (int64_t half = 0; half < 2; ++half)
        for (int64_t i = 0; i < 8; ++i) {
          // unpacking lane by lane: channels 0-3 and 8-11, then 4-7 and 12-15
          const int64_t c = at + i / 4 * 8 + half * 4 + i % 4;
          out.push_back(weights[static_cast<size_t>(t * channels + c)]);
          out.push_back(t + 1 < taps ? weights[static_cast<size_t>((t + 1) * channels + c)] : int16_t{0});
        }
  }
  return out;
}

#ifdef __x86_64__
MO_AVX2 void depthwise_pairs(const uint8_t* const* pointers, int64_t taps, int64_t channels, const int16_t* weights, uint8_t flip, int32_t* sums) {
  const __m128i flips = _mm_set1_epi8(static_cast<char>(flip));
  for (int64_t at = 0; at < channels;) {
    const int64_t c = std::min(at, channels - 16);  // the last block overlaps the one before
    __m256i low = _mm256_setzero_si256(), high = low;
    for (int64_t t = 0; t < taps; t += 2) {
      __m256i a = _mm256_cvtepu8_epi16(_mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pointers[t] + c)), flips)),
              b = _mm256_setzero_si256();
      if (t + 1 < taps) b = _mm256_cvtepu8_epi16(_mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pointers[t + 1] + c)), flips));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights))));
      high =
          _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + 16))));
      weights += 32;
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + c), _mm256_permute2x128_si256(low, high, 0x20));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + c + 8), _mm256_permute2x128_si256(low, high, 0x31));
    at = c + 16;
  }
}
#else
void depthwise_pairs(const uint8_t* const*, int64_t, int64_t, const int16_t*, uint8_t, int32_t*) {}  // nobody asks
#endif

}  // namespace mo::kernels::int8
