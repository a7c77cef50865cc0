// Transforms of the input's patches and of the products' sums for int8_winograd, by AVX2.
#include "base/error.h"
#include "kernels/cpu/int8_winograd.h"
#ifdef __x86_64__
#include "kernels/cpu/int8_stores_avx2.h"
#endif

namespace mo::kernels::int8 {
#ifdef __x86_64__
namespace {

// One dimension of the input's transform.
MO_STEP2 void four(__m256i a, __m256i b, __m256i c, __m256i d, __m256i (&to)[4]) {
  to[0] = _mm256_sub_epi16(a, c);
  to[1] = _mm256_add_epi16(b, c);
  to[2] = _mm256_sub_epi16(c, b);
  to[3] = _mm256_sub_epi16(b, d);
}

template <Finish F>
MO_AVX2 void output(const Tile& t, const int32_t* m, int64_t stride, const WinogradPlace& place) {
  const Steps steps = *t.steps;
  const bool open = steps.open(), whole = t.columns == 16 && place.width == 2;
  __m256i y[2][2][2];
#pragma GCC unroll 2
  for (int z = 0; z < 2; ++z) {
    __m256i upper[4], lower[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      __m256i v[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) v[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(m + (4 * i + j) * stride + 8 * z));
      upper[j] = _mm256_add_epi32(_mm256_add_epi32(v[0], v[1]), v[2]);
      lower[j] = _mm256_sub_epi32(_mm256_sub_epi32(v[1], v[2]), v[3]);
    }
    const __m256i start = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(t.start + 8 * z));
    auto real = [&](__m256i sum) MO_AVX2 { return _mm256_add_epi32(_mm256_srai_epi32(sum, 2), start); };
    y[0][0][z] = real(_mm256_add_epi32(_mm256_add_epi32(upper[0], upper[1]), upper[2]));
    y[0][1][z] = real(_mm256_sub_epi32(_mm256_sub_epi32(upper[1], upper[2]), upper[3]));
    y[1][0][z] = real(_mm256_add_epi32(_mm256_add_epi32(lower[0], lower[1]), lower[2]));
    y[1][1][z] = real(_mm256_sub_epi32(_mm256_sub_epi32(lower[1], lower[2]), lower[3]));
  }
  for (int row = 0; row < place.height; ++row) {
    uint8_t* dst = place.dst + row * place.dst_row;
    const uint8_t* r = place.r ? place.r + row * place.r_row : nullptr;
    if (whole) {
      store_rows<2, 2, F, true>(y[row], t, steps, open, dst, r);
      continue;
    }
    alignas(32) int32_t sums[2][16];
    for (int i = 0; i < 4; ++i) _mm256_store_si256(reinterpret_cast<__m256i*>(&sums[i / 2][8 * (i % 2)]), y[row][i / 2][i % 2]);
    store_some<2, F>(sums[0], t, steps, open, place.width, dst, r);
  }
}

}  // namespace

MO_AVX2 void winograd_input(const uint8_t* const* p, int64_t channels, const Side& side, int16_t* v, int64_t stride) {
  const __m128i flip = _mm_set1_epi8(static_cast<char>(side.flip));
  const __m256i zero =
      _mm256_set1_epi16(static_cast<int16_t>(4 * side.zero));  // of all numbers the second of the second row alone does not cancel it
  for (int64_t k = 0; k < channels; k += 16, v += 16) {
    __m256i rows[4][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      __m256i d[4], to[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i)
        d[i] = _mm256_cvtepu8_epi16(_mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p[4 * i + j] + k)), flip));
      four(d[0], d[1], d[2], d[3], to);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) rows[i][j] = to[i];
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      __m256i to[4];
      four(rows[i][0], rows[i][1], rows[i][2], rows[i][3], to);
      if (i == 1) to[1] = _mm256_sub_epi16(to[1], zero);
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) _mm256_storeu_si256(reinterpret_cast<__m256i*>(v + (4 * i + j) * stride), to[j]);
    }
  }
}

namespace {

// One dimension of the weights' transform.
MO_STEP2 void doubled(__m256i a, __m256i b, __m256i c, __m256i (&to)[4]) {
  const __m256i ends = _mm256_add_epi16(a, c);
  to[0] = _mm256_add_epi16(a, a);
  to[1] = _mm256_add_epi16(ends, b);
  to[2] = _mm256_sub_epi16(ends, b);
  to[3] = _mm256_add_epi16(c, c);
}

}  // namespace

MO_AVX2 void winograd_weights(const uint8_t* w, bool is_signed, const int16_t* zero, int16_t* to, int64_t stride) {
  const __m256i less = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(zero));
  __m256i rows[2][3][4];
  for (int channel = 0; channel < 2; ++channel)
    for (int x = 0; x < 3; ++x) {
      __m256i v[3];
      for (int y = 0; y < 3; ++y) {
        const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(w + 16 * (9 * channel + 3 * y + x)));
        v[y] = _mm256_sub_epi16(is_signed ? _mm256_cvtepi8_epi16(b) : _mm256_cvtepu8_epi16(b), less);
      }
      doubled(v[0], v[1], v[2], rows[channel][x]);
    }
  for (int i = 0; i < 4; ++i) {
    __m256i all[2][4];
    for (int channel = 0; channel < 2; ++channel) doubled(rows[channel][0][i], rows[channel][1][i], rows[channel][2][i], all[channel]);
    for (int j = 0; j < 4; ++j) {
      auto* at = reinterpret_cast<__m256i*>(to + (4 * i + j) * stride);
      _mm256_storeu_si256(at, _mm256_unpacklo_epi16(all[0][j], all[1][j]));
      _mm256_storeu_si256(at + 1, _mm256_unpackhi_epi16(all[0][j], all[1][j]));
    }
  }
}

WinogradOutput winograd_output(Finish finish) {
  switch (finish) {
    case Finish::steps: return output<Finish::steps>;
    case Finish::residual: return output<Finish::residual>;
    case Finish::inner_residual: return output<Finish::inner_residual>;
    case Finish::inner_channel: return output<Finish::inner_channel>;
    default: fail(Code::internal, "sums and values of this kind are not finished here");
  }
}

#else

void winograd_input(const uint8_t* const*, int64_t, const Side&, int16_t*, int64_t) { fail(Code::internal, "patches of this kind want AVX2"); }
void winograd_weights(const uint8_t*, bool, const int16_t*, int16_t*, int64_t) { fail(Code::internal, "weights of this kind want AVX2"); }
WinogradOutput winograd_output(Finish) { fail(Code::internal, "patches of this kind want AVX2"); }

#endif
}  // namespace mo::kernels::int8
