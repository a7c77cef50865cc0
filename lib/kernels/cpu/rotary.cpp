// Rotary position embedding: mo.Rotary and the standard RotaryEmbedding, one vectorised row per head and position.
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd.h"
#include "kernels/kernel.h"
#include "ops/rotary_view.h"

namespace mo::kernels {
namespace {

MO_INLINE void halves_body(const float* x, const float* c1, const float* c2, const float* s1, const float* s2, float* y, int64_t half) {
#pragma omp simd
  for (int64_t e = 0; e < half; ++e) {
    const float a = x[e], b = x[e + half];
    y[e] = a * c1[e] - b * s1[e];
    y[e + half] = b * c2[e] + a * s2[e];
  }
}
MO_SIMD_PLAIN(halves, void, (const float* x, const float* c1, const float* c2, const float* s1, const float* s2, float* y, int64_t half),
              (x, c1, c2, s1, s2, y, half))

MO_INLINE void pairs_body(const float* x, const float* c, const float* s, float* y, int64_t half) {
#pragma omp simd
  for (int64_t e = 0; e < half; ++e) {
    const float a = x[2 * e], b = x[2 * e + 1];
    y[2 * e] = a * c[e] - b * s[e];
    y[2 * e + 1] = b * c[e] + a * s[e];
  }
}
MO_SIMD_PLAIN(pairs, void, (const float* x, const float* c, const float* s, float* y, int64_t half), (x, c, s, y, half))

constexpr int64_t k_parallel = 1 << 15;  // elements from which a second thread helps

Offer prepare_fused(const Request& r) {
  for (size_t i = 0; i < 3; ++i)
    if (r.in(i).dtype != DType::f32) return Decline{text("dtype ", name(r.in(i).dtype))};
  ops::RotaryView view = ops::rotary_view(r.node);
  ops::check(view, element_count(r.in(0).shape), element_count(r.in(1).shape), element_count(r.in(2).shape));
  if (view.x.strides.back() != 1 || view.cosine.strides.back() != 1 || view.sine.strides.back() != 1) return Decline{"features are not side by side"};
  if (view.interleaved && !view.by_pair) return Decline{"pairs side by side with an angle per element"};
  const int64_t half = view.width / 2, rows = element_count(view.shape) / view.width, second = view.by_pair ? 0 : half;
  const int threads = element_count(view.shape) >= k_parallel ? r.threads : 1;
  auto turn = halves_pick();
  auto turn_pairs = pairs_pick();
  Prepared p;
  p.detail = isa_name();
  p.run = [=](const Args& a) {
    const float *x = static_cast<const float*>(a.src[0]), *c = static_cast<const float*>(a.src[1]), *s = static_cast<const float*>(a.src[2]);
    float* y = static_cast<float*>(a.dst[0]);
    parallel_for(threads, rows, 1, [&](int64_t from, int64_t to) {
      for (int64_t row = from; row < to; ++row) {
        int64_t at[3] = {view.x.offset, view.cosine.offset, view.sine.offset}, rest = row;
        for (size_t i = view.outer.size(); i-- > 0; rest /= view.outer[i]) {
          const int64_t k = rest % view.outer[i];
          at[0] += k * view.x.strides[i], at[1] += k * view.cosine.strides[i], at[2] += k * view.sine.strides[i];
        }
        if (view.interleaved) turn_pairs(x + at[0], c + at[1], s + at[2], y + row * view.width, half);
        else turn(x + at[0], c + at[1], c + at[1] + second, s + at[2], s + at[2] + second, y + row * view.width, half);
      }
    });
  };
  return p;
}

Offer prepare_standard(const Request& r) {
  for (size_t i = 0; i < 3; ++i)
    if (r.in(i).dtype != DType::f32) return Decline{text("dtype ", name(r.in(i).dtype))};
  const Shape &x = r.in(0).shape, &table = r.in(1).shape;
  const bool packed = x.size() == 3, by_position = r.in(3).present;
  if (x.size() != 3 && x.size() != 4) return Decline{"rank"};
  const int64_t batch = x[0], heads = packed ? r.node.i("num_heads", 0) : x[1], length = packed ? x[1] : x[2];
  if (heads < 1 || (packed && x[2] % heads != 0)) return Decline{"heads"};
  const int64_t width = packed ? x[2] / heads : x[3];
  int64_t rotated = r.node.i("rotary_embedding_dim", 0);
  if (rotated == 0) rotated = width;
  const int64_t half = rotated / 2;
  if (rotated < 2 || rotated > width || rotated % 2 != 0 || r.in(2).shape != table) return Decline{"shapes"};
  if (by_position ? table.size() != 2 || table[1] != half || r.in(3).dtype != DType::i64 || r.in(3).shape != Shape({batch, length})
                  : table != Shape({batch, length, half}))
    return Decline{"shape of the tables"};
  const bool interleaved = r.node.i("interleaved", 0) != 0;
  const int64_t positions = table[0];
  const int threads = element_count(x) >= k_parallel ? r.threads : 1;
  auto turn = halves_pick();
  auto turn_pairs = pairs_pick();
  Prepared p;
  p.detail = isa_name();
  p.run = [=](const Args& a) {
    const float *src = static_cast<const float*>(a.src[0]), *c = static_cast<const float*>(a.src[1]), *s = static_cast<const float*>(a.src[2]);
    const int64_t* position = by_position ? static_cast<const int64_t*>(a.src[3]) : nullptr;
    float* dst = static_cast<float*>(a.dst[0]);
    parallel_for(threads, batch * length, 1, [&](int64_t from, int64_t to) {
      for (int64_t row = from; row < to; ++row) {
        int64_t entry = row;
        if (position) {
          entry = position[row];
          require(entry >= 0 && entry < positions, Code::invalid_argument, "position ", entry, " is outside 0..", positions - 1);
        }
        const float *cr = c + entry * half, *sr = s + entry * half;
        for (int64_t h = 0; h < heads; ++h) {
          const int64_t at = (packed ? row * heads + h : (row / length * heads + h) * length + row % length) * width;
          if (interleaved) turn_pairs(src + at, cr, sr, dst + at, half);
          else turn(src + at, cr, cr, sr, sr, dst + at, half);
          for (int64_t e = rotated; e < width; ++e) dst[at + e] = src[at + e];
        }
      }
    });
  };
  return p;
}

}  // namespace

extern const Candidate simd_mo_rotary{"Rotary", "mo", "simd_rotary", Wish::plain, prepare_fused};
extern const Candidate simd_rotary{"RotaryEmbedding", "", "simd_rotary", Wish::plain, prepare_standard};

}  // namespace mo::kernels
