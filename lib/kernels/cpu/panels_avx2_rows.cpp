// Rows as 8-bit panels without VNNI meet them: 16-bit integers, bytes, or magnitudes and masks of signs.
#include <bit>

#include "base/error.h"
#include "kernels/cpu/panels_avx2.h"
#include "kernels/cpu/panels_pairs.h"
#include "kernels/cpu/simd.h"

#ifdef __x86_64__
#include <immintrin.h>

namespace mo::kernels::words {
namespace {

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

// What integers of `levels` to each side are to be multiplied with to give the row; their inverse, 0 where all of it is next to nothing or not a number.
MO_AVX2 MO_INLINE float scale_of(const float* x, int64_t k, float levels, float& inverse) {
  // the largest magnitude, as bits: what is not a number is larger than all numbers
  __m256i most = _mm256_setzero_si256();
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  for (int64_t i = 0; i < k; i += 8) most = _mm256_max_epi32(most, _mm256_and_si256(_mm256_castps_si256(eight(x + i, k - i)), magnitude));
  alignas(32) int32_t lanes[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), most);
  int32_t bits = 0;
  for (int32_t lane : lanes) bits = lane > bits ? lane : bits;
  const float high = std::bit_cast<float>(bits);
  const bool usable = bits < 0x7f800000 && high > 1e-30f;
  inverse = usable ? levels / high : 0.0f;
  return bits >= 0x7f800000 ? __builtin_nanf("") : usable ? high / levels : 0.0f;
}

MO_AVX2 MO_INLINE __m256i rounded(const float* x, int64_t left, float inverse) {
  if (inverse == 0 || left <= 0) return _mm256_setzero_si256();
  return _mm256_cvtps_epi32(_mm256_mul_ps(eight(x, left), _mm256_set1_ps(inverse)));
}

}  // namespace

MO_AVX2 void to_words(const float* x, int64_t k, bool fine, int16_t* dst, int64_t count, float* scale, int32_t* sums) {
  float inverse;
  *scale = scale_of(x, k, fine ? 16256.0f : 127.0f, inverse);
  const __m256i order = word_order();
  for (int64_t s = 0; s < panel_sections(k); ++s) {
    __m256i sum = _mm256_setzero_si256();
    for (int64_t i = s * k_section; i < count && i < (s + 1) * k_section; i += 16) {
      const __m256i a = rounded(x + i, k - i, inverse), b = rounded(x + i + 8, k - i - 8, inverse);
      sum = _mm256_add_epi32(sum, _mm256_add_epi32(a, b));
      const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i), _mm256_shuffle_epi8(words, order));
    }
    sums[s] = add_lanes(sum);
  }
}

MO_AVX2 void to_signs(const float* x, int64_t k, uint8_t* dst, int64_t count, float* scale, int32_t* sums) {
  float inverse;
  *scale = scale_of(x, k, 127.0f, inverse);
  __m256i sum = _mm256_setzero_si256(), magnitude_sum = sum;
  const __m128i middle = _mm_set1_epi8(static_cast<char>(0x80));
  for (int64_t i = 0; i < count; i += 16) {
    const __m256i a = rounded(x + i, k - i, inverse), b = rounded(x + i + 8, k - i - 8, inverse);
    sum = _mm256_add_epi32(sum, _mm256_add_epi32(a, b));
    magnitude_sum = _mm256_add_epi32(magnitude_sum, _mm256_add_epi32(_mm256_abs_epi32(a), _mm256_abs_epi32(b)));
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
    const __m128i q = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i), _mm_abs_epi8(q));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + count + i), _mm_xor_si128(_mm_cmpgt_epi8(_mm_setzero_si128(), q), middle));
  }
  sums[0] = add_lanes(sum);
  sums[1] = (add_lanes(magnitude_sum) - sums[0]) / 2;
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

namespace mo::kernels {

MO_AVX2 void pairs::to_bytes(const float* x, int64_t k, uint8_t* dst, int64_t count, float* scale) {
  float inverse;
  *scale = words::scale_of(x, k, 127.0f, inverse);
  for (int64_t i = 0; i < count; i += 16) {
    const __m256i words =
        _mm256_permute4x64_epi64(_mm256_packs_epi32(words::rounded(x + i, k - i, inverse), words::rounded(x + i + 8, k - i - 8, inverse)), 0xd8);
    const __m128i q = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i), _mm_xor_si128(q, _mm_set1_epi8(static_cast<char>(0x80))));
  }
}

}  // namespace mo::kernels

#else

void mo::kernels::pairs::to_bytes(const float*, int64_t, uint8_t*, int64_t, float*) { fail(Code::internal, "rows of this kind want AVX2"); }

namespace mo::kernels::words {

void to_words(const float*, int64_t, bool, int16_t*, int64_t, float*, int32_t*) { fail(Code::internal, "rows of this kind want AVX2"); }
void to_signs(const float*, int64_t, uint8_t*, int64_t, float*, int32_t*) { fail(Code::internal, "rows of this kind want AVX2"); }
int32_t bytes_to_words(const uint8_t*, int64_t, uint8_t, int32_t, int16_t*, int64_t) { fail(Code::internal, "rows of this kind want AVX2"); }

}  // namespace mo::kernels::words

#endif
