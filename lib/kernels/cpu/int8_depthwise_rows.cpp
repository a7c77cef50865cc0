// Depthwise convolution of 8-bit data for AVX2: rows of the input are widened two by two into a ring, a row's number beside that of the next, so that one
// 16-bit multiply-add takes two taps of a column; 8 channels of up to 8 output pixels are summed at once, and the epilogue finishes a row of 16 channels.
#include <cstring>

#include "kernels/cpu/int8_depthwise.h"
#ifdef __x86_64__
#include "kernels/cpu/int8_avx2.h"
#endif

namespace mo::kernels::int8 {
namespace {

constexpr int64_t k_pixel = 32;  // bytes of 8 channels of two rows
constexpr int64_t k_most = 8;    // output pixels at once

int64_t pairs_of(int64_t kh, int64_t parity) { return (kh + parity + 1) / 2; }
int64_t round_up(int64_t v, int64_t to) { return (v + to - 1) / to * to; }

// Where the channels of block b begin: the last one overlaps the one before.
int64_t channel_of(const Depthwise& d, int64_t b) { return std::max<int64_t>(0, std::min(16 * b, d.c - 16)); }

// The channel of position i of half `half`.
int64_t order(int64_t half, int64_t i) { return column_of(2, half, i); }

}  // namespace

void plan_rows(Depthwise& d) {
  RowPairs& p = d.rows;
  const Steps& steps = d.epilogue.steps;
  p.blocks = (d.c + 15) / 16;
  p.finishes = d.epilogue.simple && !steps.residual && !steps.inner && !steps.per_channel && d.epilogue.bounded(d.kh * d.kw);
  p.at_once = d.ow % 8 != 0 && d.ow % 7 == 0 ? 7 : k_most;
  p.live = std::min(d.w, (d.ow - 1) * d.sw + (d.kw - 1) * d.dw + 1 - d.left);
  p.width = std::max(d.left + d.w, (round_up(d.ow, p.at_once) - 1) * d.sw + (d.kw - 1) * d.dw + 1);
  p.ring = pairs_of(d.kh, d.sh % 2 == 0 ? 0 : 1);
  const int64_t block = p.ring * d.kw * 32;
  p.weights.assign(static_cast<size_t>(2 * p.blocks * block), 0);
  for (auto* v : {&p.scale, &p.add}) v->assign(static_cast<size_t>(16 * p.blocks), 0);
  p.start.assign(static_cast<size_t>(16 * p.blocks), 0);
  for (int64_t b = 0; b < p.blocks; ++b)
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t i = 0; i < 8; ++i) {
        const int64_t c = channel_of(d, b) + order(half, i);
        if (c >= d.c) continue;
        const auto at = static_cast<size_t>(16 * b + 8 * half + i), from = static_cast<size_t>(c);
        if (p.finishes || !d.epilogue.simple) p.start[at] = d.epilogue.start[from];  // else Epilogue::row adds it
        p.scale[at] = d.epilogue.scale[from];
        p.add[at] = d.epilogue.add[from];
        for (int64_t parity = 0; parity < 2; ++parity)
          for (int64_t y = 0; y < d.kh; ++y)
            for (int64_t x = 0; x < d.kw; ++x) {
              const int64_t row = y + parity, pair = row / 2;
              if (pair >= p.ring) continue;  // a parity that no output row has
              p.weights[static_cast<size_t>((2 * b + parity) * block + ((half * p.ring + pair) * d.kw + x) * 16 + 2 * i + row % 2)] =
                  d.weights[static_cast<size_t>((y * d.kw + x) * d.c + c)];
            }
      }
  p.sums_at = round_up(p.ring * p.blocks * p.width * 2 * k_pixel, 64);
  p.scratch_bytes = p.sums_at + (d.ow + k_most) * 64;
}

#ifdef __x86_64__
namespace {

struct Source {
  const uint8_t* first;
  int64_t step;  // from pixel to pixel; 0 for a row of zeros
};

MO_STEP2 __m256i wide_sixteen(const uint8_t* from, __m128i flip, __m256i zero) {
  return _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)), flip)), zero);
}

// Two rows of the input, number beside number, to all blocks of a line of the ring.
MO_AVX2 void widen_two(const Depthwise& d, const Source& a, const Source& b, char* line) {
  const RowPairs& p = d.rows;
  const __m128i flip = _mm_set1_epi8(static_cast<char>(d.x.flip));
  const __m256i zero = _mm256_set1_epi16(static_cast<int16_t>(d.x.zero));
  const int64_t half = p.width * k_pixel;
  alignas(16) uint8_t few[2][16] = {};
  for (int64_t x = 0; x < p.live; ++x) {
    const uint8_t *u = a.first + x * a.step, *v = b.first + x * b.step;
    char* to = line + (d.left + x) * k_pixel;
    if (d.c < 16) {
      std::memcpy(few[0], u, static_cast<size_t>(d.c));
      std::memcpy(few[1], v, static_cast<size_t>(d.c));
      u = few[0];
      v = few[1];
    }
    for (int64_t i = 0; i < p.blocks; ++i, to += 2 * half) {
      const int64_t c = i + 1 < p.blocks ? 16 * i : channel_of(d, i);
      const __m256i one = wide_sixteen(u + c, flip, zero), two = wide_sixteen(v + c, flip, zero);
      _mm256_store_si256(reinterpret_cast<__m256i*>(to), _mm256_unpacklo_epi16(one, two));
      _mm256_store_si256(reinterpret_cast<__m256i*>(to + half), _mm256_unpackhi_epi16(one, two));
    }
  }
}

// The row's sums of 16 channels: 8 channels of N output pixels at once. `known`: stride along the row, or 0.
template <int N, int known>
MO_AVX2 void sum_row(const Depthwise& d, const char* const* lines, int64_t pairs, const int16_t* weights, const int32_t* start, int32_t* sums) {
  const int64_t step = (known ? known : d.sw) * k_pixel, kw = d.kw, tap = d.dw * k_pixel, half_line = d.rows.width * k_pixel;
  for (int64_t half = 0; half < 2; ++half) {
    const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(start + 8 * half));
    const int16_t* half_weights = weights + half * d.rows.ring * kw * 16;
    int32_t* to = sums + 8 * half;
    for (int64_t at = half * half_line, end = at + d.ow * step; at < end; at += N * step, to += 16 * N) {
      const int16_t* w = half_weights;
      __m256i acc[N];
#pragma GCC unroll 8
      for (int i = 0; i < N; ++i) acc[i] = first;
      for (int64_t pair = 0; pair < pairs; ++pair) {
        const char* from = lines[pair] + at;
#pragma GCC unroll 1
        for (int64_t x = 0; x < kw; ++x, from += tap, w += 16) {
          const __m256i weight = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
#pragma GCC unroll 8
          for (int i = 0; i < N; ++i)
            acc[i] = _mm256_add_epi32(acc[i], _mm256_madd_epi16(weight, _mm256_load_si256(reinterpret_cast<const __m256i*>(from + i * step))));
        }
      }
#pragma GCC unroll 8
      for (int i = 0; i < N; ++i) _mm256_store_si256(reinterpret_cast<__m256i*>(to + 16 * i), acc[i]);
    }
  }
}

auto sum_row_way(const Depthwise& d) {
  if (d.rows.at_once == 7) return d.sw == 1 ? sum_row<7, 1> : d.sw == 2 ? sum_row<7, 2> : sum_row<7, 0>;
  return d.sw == 1 ? sum_row<8, 1> : d.sw == 2 ? sum_row<8, 2> : sum_row<8, 0>;
}

// A row of the sums of 16 channels to bytes; dst is its first pixel's first channel.
MO_AVX2 void finish_steps(const Depthwise& d, int64_t block, const int32_t* sums, int columns, uint8_t* dst) {
  const float *scale = &d.rows.scale[static_cast<size_t>(16 * block)], *add = &d.rows.add[static_cast<size_t>(16 * block)];
  const __m256 scales[2] = {_mm256_loadu_ps(scale), _mm256_loadu_ps(scale + 8)}, adds[2] = {_mm256_loadu_ps(add), _mm256_loadu_ps(add + 8)};
  const Steps steps = d.epilogue.steps;
  const bool open = steps.open();
  for (int64_t ox = 0; ox < d.ow; ox += 2, sums += 32) {
    __m256 v[2][2];
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i)
#pragma GCC unroll 2
      for (int z = 0; z < 2; ++z)
        v[i][z] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(sums + 16 * i + 8 * z))), scales[z], adds[z]);
    const __m256i q = pack_steps<2>(v, steps, open);
    const __m128i rows[2] = {packed_row<2>(q, 0), packed_row<2>(q, 1)};
    for (int i = 0; i < 2 && ox + i < d.ow; ++i, dst += d.c) store_bytes<2>(dst, rows[i], columns);
  }
}

// Scaled sums of `pixels` pixels, 16 channels of each in their natural order.
MO_AVX2 void scale_sums(const Depthwise& d, int64_t block, const int32_t* sums, int64_t pixels, float* v) {
  const float *scale = &d.rows.scale[static_cast<size_t>(16 * block)], *add = &d.rows.add[static_cast<size_t>(16 * block)];
  const __m256 scales[2] = {_mm256_loadu_ps(scale), _mm256_loadu_ps(scale + 8)}, adds[2] = {_mm256_loadu_ps(add), _mm256_loadu_ps(add + 8)};
  for (int64_t i = 0; i < pixels; ++i, sums += 16, v += 16) {
    const __m256 a = _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(sums))), scales[0], adds[0]),
                 b = _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(sums + 8))), scales[1], adds[1]);
    _mm256_storeu_ps(v, _mm256_permute2f128_ps(a, b, 0x20));
    _mm256_storeu_ps(v + 8, _mm256_permute2f128_ps(a, b, 0x31));
  }
}

// What is no plain rounding. `at`: of the row's first pixel and channel, in elements.
void finish_any(const Depthwise& d, int64_t block, const int32_t* sums, int64_t columns, const uint8_t* r, uint8_t* dst, int64_t at) {
  const int64_t size = d.epilogue.out == DType::f32 ? 4 : 1, r_size = d.epilogue.r_dtype == DType::f32 ? 4 : 1;
  for (int64_t ox = 0; ox < d.ow && !d.epilogue.simple; ox += k_rows) {
    const int64_t pixels = std::min(k_rows, d.ow - ox), from = at + ox * d.c;
    float v[k_rows * 16];
    scale_sums(d, block, sums + 16 * ox, pixels, v);
    d.epilogue.finish(v, 16, pixels, columns, r ? r + from * r_size : nullptr, d.c * r_size, dst + from * size, d.c * size);
  }
  for (int64_t ox = 0; ox < d.ow && d.epilogue.simple; ++ox, sums += 16, at += d.c) {
    int32_t row[16];
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t i = 0; i < 8; ++i) row[order(half, i)] = sums[8 * half + i];
    d.epilogue.row(row, channel_of(d, block), columns, r ? r + at * r_size : nullptr, dst + at * size);
  }
}

}  // namespace

void run_row_pairs(const Depthwise& d, const Args& a, int64_t from, int64_t to, void* scratch) {
  const RowPairs& p = d.rows;
  const auto* x = static_cast<const uint8_t*>(a.src[0]);
  auto* dst = static_cast<uint8_t*>(a.dst[0]);
  auto* ring = static_cast<char*>(scratch);
  auto* sums = reinterpret_cast<int32_t*>(ring + p.sums_at);
  const int64_t block_bytes = 2 * p.width * k_pixel, line_bytes = p.blocks * block_bytes, weights = p.ring * d.kw * 32;
  std::memset(ring, 0, static_cast<size_t>(p.sums_at));  // the padding beside the rows stays
  auto sum = sum_row_way(d);
  int64_t image = -1, ready = 0;  // pairs of rows of `image` that were widened
  for (int64_t row = from; row < to; ++row) {
    const int64_t n = row / d.oh, y = row % d.oh, first = y * d.sh / 2, parity = y * d.sh % 2, pairs = pairs_of(d.kh, parity);
    if (n != image) image = n, ready = first;
    for (ready = std::max(ready, first); ready < first + pairs; ++ready) {
      Source source[2];
      for (int64_t i = 0; i < 2; ++i) {
        const int64_t iy = 2 * ready + i - d.top;
        source[i] = iy >= 0 && iy < d.h ? Source{x + (n * d.h + iy) * d.w * d.c, d.c} : Source{d.border.data(), 0};
      }
      widen_two(d, source[0], source[1], ring + ready % p.ring * line_bytes);
    }
    for (int64_t b = 0; b < p.blocks; ++b) {
      const char* lines[16];
      for (int64_t i = 0; i < pairs; ++i) lines[i] = ring + (first + i) % p.ring * line_bytes + b * block_bytes;
      sum(d, lines, pairs, &p.weights[static_cast<size_t>((2 * b + parity) * weights)], &p.start[static_cast<size_t>(16 * b)], sums);
      const int64_t columns = std::min<int64_t>(16, d.c), at = row * d.ow * d.c + channel_of(d, b);
      if (p.finishes) finish_steps(d, b, sums, static_cast<int>(columns), dst + at);
      else finish_any(d, b, sums, columns, static_cast<const uint8_t*>(d.epilogue.steps.residual ? a.src[3] : nullptr), dst, at);
    }
  }
}
#else
void run_row_pairs(const Depthwise&, const Args&, int64_t, int64_t, void*) {}  // nobody asks
#endif

}  // namespace mo::kernels::int8
