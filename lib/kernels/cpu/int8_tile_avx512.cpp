// Tiles of 8-bit products for AVX-512: rows x 16, 32 or 64 columns in registers, by VNNI or by pairs of 16-bit products.
#include "kernels/cpu/int8_gemm.h"
#ifdef __x86_64__
#include "kernels/cpu/int8_avx512.h"
#endif

#include <cstring>

namespace mo::kernels::int8 {
#ifdef __x86_64__
namespace {

MO_STEP uint32_t four_bytes(const uint8_t* p) {
  uint32_t v;
  std::memcpy(&v, p, 4);
  return v;
}

// Two copies of one body: GCC inlines intrinsics only into functions with their target.
#define MO_TILE_BODY(ROW, DOT)                                                                         \
  __m512i acc[R][Z];                                                                                   \
  _Pragma("GCC unroll 4") for (int z = 0; z < Z; ++z) {                                                \
    __m512i s = _mm512_loadu_si512(t.start + 16 * z);                                                  \
    _Pragma("GCC unroll 12") for (int r = 0; r < R; ++r) acc[r][z] = s;                                \
  }                                                                                                    \
  const uint8_t* w = static_cast<const uint8_t*>(t.weights);                                           \
  const __m512i flip = _mm512_set1_epi32(static_cast<int>(t.flip));                                    \
  for (int64_t s = 0; s < t.segments; ++s) {                                                           \
    const uint8_t* p[R];                                                                               \
    _Pragma("GCC unroll 12") for (int r = 0; r < R; ++r) p[r] = ROW;                                   \
    for (int64_t k = 0; k < 4 * t.depth; k += 4) {                                                     \
      __m512i b[Z];                                                                                    \
      _Pragma("GCC unroll 4") for (int z = 0; z < Z; ++z) b[z] = _mm512_loadu_si512(w + 64 * z);       \
      w += 64 * Z;                                                                                     \
      _Pragma("GCC unroll 12") for (int r = 0; r < R; ++r) {                                           \
        __m512i a = _mm512_xor_si512(_mm512_set1_epi32(static_cast<int>(four_bytes(p[r] + k))), flip); \
        _Pragma("GCC unroll 4") for (int z = 0; z < Z; ++z) acc[r][z] = DOT;                           \
      }                                                                                                \
    }                                                                                                  \
  }

template <int R, int Z, Finish F>
MO_STEP void finish(__m512i (&acc)[R][Z], const Tile& t) {
  if (t.w_zero) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      __m512i sum = _mm512_set1_epi32(r < t.count ? t.sums[r] : 0);
#pragma GCC unroll 4
      for (int z = 0; z < Z; ++z) acc[r][z] = _mm512_sub_epi32(acc[r][z], _mm512_mullo_epi32(sum, _mm512_loadu_si512(t.w_zero + 16 * z)));
    }
  }
  if constexpr (F == Finish::sums) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int z = 0; z < Z; ++z) _mm512_storeu_si512(t.dst + r * t.dst_stride + 64 * z, acc[r][z]);
  } else if constexpr (F == Finish::values) {
    const uint64_t live = t.columns == 64 ? ~uint64_t{0} : (uint64_t{1} << t.columns) - 1;
#pragma GCC unroll 4
    for (int z = 0; z < Z; ++z) {
      const __m512 scale = _mm512_loadu_ps(t.scale + 16 * z), add = _mm512_loadu_ps(t.add + 16 * z);
      const auto mask = static_cast<__mmask16>(live >> (16 * z));
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r) {
        if (r >= t.count) break;
        __m512 v = _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc[r][z]), scale, add);
        if (t.r) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, t.r + r * t.r_stride + 64 * z));
        _mm512_mask_storeu_ps(t.dst + r * t.dst_stride + 64 * z, mask, v);
      }
    }
  } else {
    __m512 scale[Z], add[Z];
#pragma GCC unroll 4
    for (int z = 0; z < Z; ++z) scale[z] = _mm512_loadu_ps(t.scale + 16 * z), add[z] = _mm512_loadu_ps(t.add + 16 * z);
    const uint64_t live = t.columns == 64 ? ~uint64_t{0} : (uint64_t{1} << t.columns) - 1;
    uint8_t* dst = t.dst;
    const uint8_t* res = t.r;
    if constexpr (Z < 4 && F == Finish::steps) {  // as many rows at once as fill a register of bytes
      constexpr int G = 4 / Z;
      constexpr int width = 16 * Z;
#pragma GCC unroll 12
      for (int first = 0; first < R; first += G) {
        if (first >= t.count) break;
        __m512 v[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) v[i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc[first + i / Z][i % Z]), scale[i % Z], add[i % Z]);
        __m512i q = in_rows<Z>(pack_steps(v, *t.steps));
        if (t.columns == width && t.dst_stride == width && first + G <= t.count) {
          _mm512_storeu_si512(dst, q);
          dst += 64;
          continue;
        }
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) {
          if (first + g < t.count) store_row<Z>(dst, q, g, static_cast<int>(t.columns), live);
          dst += t.dst_stride;
        }
      }
      return;
    }
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      if (r >= t.count) break;
      __m512 v[Z];
#pragma GCC unroll 4
      for (int z = 0; z < Z; ++z) v[z] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc[r][z]), scale[z], add[z]);
      if constexpr (F == Finish::inner_residual || F == Finish::inner_channel) {
        const __m512 low = _mm512_set1_ps(t.steps->inner_low), high = _mm512_set1_ps(t.steps->inner_high),
                     unit = _mm512_set1_ps(t.steps->inner_scale);
#pragma GCC unroll 4
        for (int z = 0; z < Z; ++z) v[z] = _mm512_mul_ps(_mm512_max_ps(_mm512_min_ps(_mm512_roundscale_ps(v[z], 8), high), low), unit);
      }
      if constexpr (F == Finish::inner_channel) {
        const __m512 factor = _mm512_set1_ps(t.steps->r_scale);
#pragma GCC unroll 4
        for (int z = 0; z < Z; ++z) v[z] = _mm512_fmadd_ps(_mm512_loadu_ps(t.after + 16 * z), factor, v[z]);
      }
      if constexpr (F == Finish::residual || F == Finish::inner_residual) {
        add_residual<Z>(v, res, live, *t.steps);
        res += t.r_stride;
      }
      store_steps<Z>(v, dst, t.columns, live, *t.steps);
      dst += t.dst_stride;
    }
  }
}

template <int R, int Z, Finish F>
MO_VNNI void vnni_tile(const Tile& t) {
  MO_TILE_BODY(t.rows[s * k_pointers + r], _mm512_dpbusd_epi32(acc[r][z], a, b[z]))
  finish<R, Z, F>(acc, t);
}

template <int R, int Z, Finish F>
MO_AVX512 void pairs_tile(const Tile& t) {
  MO_TILE_BODY(t.rows[r] + t.offset[s], _mm512_add_epi32(acc[r][z], _mm512_madd_epi16(a, b[z])))
  finish<R, Z, F>(acc, t);
}

template <Finish F>
std::vector<TileChoice> vnni_tiles(int registers) {
  if (registers == 4) return {{6, vnni_tile<6, 4, F>}, {4, vnni_tile<4, 4, F>}, {2, vnni_tile<2, 4, F>}, {1, vnni_tile<1, 4, F>}};
  if (registers == 2) return {{8, vnni_tile<8, 2, F>}, {4, vnni_tile<4, 2, F>}, {2, vnni_tile<2, 2, F>}};
  return {{12, vnni_tile<12, 1, F>}, {4, vnni_tile<4, 1, F>}};
}

template <Finish F>
std::vector<TileChoice> pairs_tiles(int registers) {
  if (registers == 4) return {{6, pairs_tile<6, 4, F>}, {2, pairs_tile<2, 4, F>}};
  if (registers == 2) return {{8, pairs_tile<8, 2, F>}};
  return {{12, pairs_tile<12, 1, F>}};
}

}  // namespace

std::vector<TileChoice> avx512_tiles(bool vnni, int registers, Finish finish) {
  switch (finish) {
    case Finish::values: return vnni ? vnni_tiles<Finish::values>(registers) : pairs_tiles<Finish::values>(registers);
    case Finish::sums: return vnni ? vnni_tiles<Finish::sums>(registers) : pairs_tiles<Finish::sums>(registers);
    case Finish::steps: return vnni ? vnni_tiles<Finish::steps>(registers) : pairs_tiles<Finish::steps>(registers);
    case Finish::residual: return vnni ? vnni_tiles<Finish::residual>(registers) : pairs_tiles<Finish::residual>(registers);
    case Finish::inner_residual: return vnni_tiles<Finish::inner_residual>(registers);
    case Finish::inner_channel: return vnni_tiles<Finish::inner_channel>(registers);
  }
  return {};
}

#else
std::vector<TileChoice> avx512_tiles(bool, int, Finish) { return {}; }  // nobody asks
#endif
}  // namespace mo::kernels::int8
