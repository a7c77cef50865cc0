// Finding the line behind a table of bytes, and its rows.
#include "kernels/cpu/lookup_line.h"

#include <algorithm>
#include <cmath>

#include "kernels/cpu/simd.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace mo::kernels {
namespace {

int32_t product(int32_t x, const LookupLine& line) { return (x << 8) * int64_t{line.factor} >> 16; }

uint8_t at(uint8_t x, const LookupLine& line) {
  return static_cast<uint8_t>(std::clamp((product(x ^ line.x_flip, line) + line.add) >> line.shift, 0, 255)) ^ line.y_flip;
}

// The addend that makes `line` give `want`.
bool add_of(const int32_t* want, LookupLine& line) {
  int32_t low = -32768, high = 32767 - product(255, line);
  for (int32_t x = 0; x < 256; ++x) {
    const int32_t p = product(x, line);
    if (want[x] > 0) low = std::max(low, (want[x] << line.shift) - p);
    if (want[x] < 255) high = std::min(high, ((want[x] + 1) << line.shift) - 1 - p);
  }
  line.add = static_cast<int16_t>(low);
  return low <= high && low <= 32767;
}

}  // namespace

std::optional<LookupLine> line_of(const uint8_t* table, uint8_t x_flip, uint8_t y_flip) {
  int32_t want[256], first = 0, last = 255;
  for (int32_t x = 0; x < 256; ++x) want[x] = table[x ^ x_flip] ^ y_flip;
  while (first < 255 && want[first + 1] == want[0]) ++first;
  while (last > 0 && want[last - 1] == want[255]) --last;
  if (last - first < 2 || want[last] <= want[first]) return std::nullopt;
  const double slope = static_cast<double>(want[last] - want[first]) / (last - first);
  for (int32_t x = first; x <= last; ++x)
    if (std::fabs(want[x] - want[first] - (x - first) * slope) > 2) return std::nullopt;
  constexpr int k_most_shift = 9, k_least_shift = 5, k_tried = 256;
  for (int shift = k_most_shift; shift >= k_least_shift; --shift) {
    const auto middle = static_cast<int32_t>(std::lround(slope * (256 << shift)));
    for (int32_t i = 0; i < k_tried; ++i) {  // the nearest factors first
      const int32_t factor = middle + (i % 2 ? -(i + 1) / 2 : i / 2);
      if (factor < 1 || factor > 65535) continue;
      LookupLine line{x_flip, y_flip, static_cast<uint16_t>(factor), 0, shift};
      if (add_of(want, line)) return line;
    }
  }
  return std::nullopt;
}

#ifdef __x86_64__
MO_AVX2 void lookup_line(const uint8_t* x, uint8_t* y, int64_t n, const LookupLine& line) {
  const __m256i x_flip = _mm256_set1_epi8(static_cast<char>(line.x_flip)), y_flip = _mm256_set1_epi8(static_cast<char>(line.y_flip)),
                factor = _mm256_set1_epi16(static_cast<int16_t>(line.factor)), add = _mm256_set1_epi16(line.add), none = _mm256_setzero_si256();
  const __m128i shift = _mm_cvtsi32_si128(line.shift);
  auto half = [&](__m256i shifted) MO_AVX2 { return _mm256_sra_epi16(_mm256_add_epi16(_mm256_mulhi_epu16(shifted, factor), add), shift); };
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) {
    const __m256i v = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i)), x_flip);
    const __m256i q = _mm256_packus_epi16(half(_mm256_unpacklo_epi8(none, v)), half(_mm256_unpackhi_epi8(none, v)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), _mm256_xor_si256(q, y_flip));
  }
  for (; i < n; ++i) y[i] = at(x[i], line);
}
#else
void lookup_line(const uint8_t* x, uint8_t* y, int64_t n, const LookupLine& line) {
  for (int64_t i = 0; i < n; ++i) y[i] = at(x[i], line);
}
#endif

}  // namespace mo::kernels
