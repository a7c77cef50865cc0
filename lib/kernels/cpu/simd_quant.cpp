// QuantizeLinear, DequantizeLinear and mo.Lookup, and the row kernels that other files build on.
#include "kernels/cpu/simd_quant.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <cstring>

#include "kernels/cpu/lookup_line.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/physical.h"
#include "kernels/cpu/simd_math.h"

namespace mo::kernels {
namespace {

MO_INLINE void dequantize_body(const uint8_t* x, float* y, int64_t n, LinearQuant q) {
  const uint8_t flip = q.flip;
  const float zero = q.zero, scale = q.scale;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = (static_cast<float>(static_cast<int32_t>(static_cast<uint8_t>(x[i] ^ flip))) - zero) * scale;
}
MO_SIMD_PLAIN(dequantize, void, (const uint8_t* x, float* y, int64_t n, LinearQuant q), (x, y, n, q))

MO_INLINE void dequantize_columns_body(const uint8_t* x, float* y, int64_t n, const float* scale, const float* zero, uint8_t flip) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = (static_cast<float>(static_cast<int32_t>(static_cast<uint8_t>(x[i] ^ flip))) - zero[i]) * scale[i];
}
MO_SIMD_PLAIN(dequantize_columns, void, (const uint8_t* x, float* y, int64_t n, const float* scale, const float* zero, uint8_t flip),
              (x, y, n, scale, zero, flip))

MO_INLINE uint8_t quantize_one(float v, float zero, uint8_t flip) {
  // limits are integers: clamping before the rounding is the same and keeps the rounding exact; NaN becomes the lower limit
  float c = v < 255.0f - zero ? v : 255.0f - zero;
  c = c > -zero ? c : -zero;
  return static_cast<uint8_t>(static_cast<uint8_t>(static_cast<int32_t>(math::round_even(c) + zero)) ^ flip);
}

MO_INLINE void quantize_body(const float* x, uint8_t* y, int64_t n, LinearQuant q) {
  const float scale = q.scale, zero = q.zero;
  const uint8_t flip = q.flip;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = quantize_one(x[i] / scale, zero, flip);
}
MO_SIMD_PLAIN(quantize, void, (const float* x, uint8_t* y, int64_t n, LinearQuant q), (x, y, n, q))

// In steps of the output, as ops/mo_binary.cpp defines the sum of 8-bit tensors.
MO_INLINE void add8_body(const uint8_t* a, const uint8_t* b, uint8_t* y, int64_t n, LinearQuant qa, LinearQuant qb, LinearQuant qy, float low) {
  const float sa = qa.scale / qy.scale, sb = qb.scale / qy.scale;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    float u = static_cast<float>(static_cast<int32_t>(static_cast<uint8_t>(a[i] ^ qa.flip))) - qa.zero,
          v = static_cast<float>(static_cast<int32_t>(static_cast<uint8_t>(b[i] ^ qb.flip))) - qb.zero;
    y[i] = quantize_one(math::max(__builtin_fmaf(v, sb, u * sa), low), qy.zero, qy.flip);
  }
}
MO_SIMD_PLAIN(add8, void, (const uint8_t* a, const uint8_t* b, uint8_t* y, int64_t n, LinearQuant qa, LinearQuant qb, LinearQuant qy, float low),
              (a, b, y, n, qa, qb, qy, low))

// ---- ONNX operators

struct Channels {  // [outer, n, inner] with one scale per n, or n = 1 and one scale
  Fibre f;
  std::vector<LinearQuant> q;
};

bool channels_of(const Request& r, const Operand& data, DType stored, Channels& c, std::string& reason) {
  const Tensor *scale = r.in(1).constant, *zero = r.in(2).constant;
  if (!scale || (r.in(2).present && !zero)) {
    reason = "scale or zero point is not known at plan time";
    return false;
  }
  if (r.node.i("block_size", 0) != 0) {
    reason = "blocked scales";
    return false;
  }
  if (scale->dtype() != DType::f32) {
    reason = text("scale of ", name(scale->dtype()));
    return false;
  }
  if (scale->size() == 1) {
    c.f = {1, 1, element_count(data.shape)};
  } else {
    int64_t axis = r.node.i("axis", 1);
    if (axis < 0) axis += static_cast<int64_t>(data.shape.size());
    if (scale->rank() != 1 || axis < 0 || axis >= static_cast<int64_t>(data.shape.size()) || data.shape[axis] != scale->size()) {
      reason = "scales do not lie along one axis";
      return false;
    }
    c.f = fibre(data, axis);
  }
  for (int64_t i = 0; i < scale->size(); ++i)
    c.q.push_back(linear_quant(stored, scale->floats()[i], zero ? static_cast<int32_t>(zero->integer(zero->size() == 1 ? 0 : i)) : 0));
  return true;
}

template <class F>
void for_channels(const Channels& c, int threads, const F& f) {
  if (c.q.size() == 1) {
    parallel_for(c.f.inner >= 1 << 15 ? threads : 1, c.f.inner, 4096, [&](int64_t from, int64_t to) { f(from, to - from, c.q[0]); });
    return;
  }
  for (int64_t o = 0; o < c.f.outer; ++o)
    for (int64_t i = 0; i < c.f.n; ++i) f((o * c.f.n + i) * c.f.inner, c.f.inner, c.q[i]);
}

Offer prepare_quantize(const Request& r) {
  const Operand &x = r.in(0), &y = r.out();
  if (x.dtype != DType::f32 || (y.dtype != DType::u8 && y.dtype != DType::i8)) return Decline{text(name(x.dtype), " to ", name(y.dtype))};
  Channels c;
  std::string reason;
  if (!channels_of(r, x, y.dtype, c, reason)) return Decline{reason};
  QuantizeRow row = quantize_row();
  int threads = r.threads;
  Prepared p;
  p.detail = isa_name();
  p.unused_inputs = {1, 2};
  p.run = [=](const Args& a) {
    const float* src = static_cast<const float*>(a.src[0]);
    uint8_t* dst = static_cast<uint8_t*>(a.dst[0]);
    for_channels(c, threads, [&](int64_t at, int64_t n, LinearQuant q) { row(src + at, dst + at, n, q); });
  };
  return p;
}

Offer prepare_dequantize(const Request& r) {
  const Operand &x = r.in(0), &y = r.out();
  if (y.dtype != DType::f32 || (x.dtype != DType::u8 && x.dtype != DType::i8)) return Decline{text(name(x.dtype), " to ", name(y.dtype))};
  Channels c;
  std::string reason;
  if (!channels_of(r, x, x.dtype, c, reason)) return Decline{reason};
  DequantizeRow row = dequantize_row();
  int threads = r.threads;
  Prepared p;
  p.detail = isa_name();
  p.unused_inputs = {1, 2};
  if (c.f.inner == 1 && c.q.size() > 1) {  // a scale per column
    std::vector<float> scale, zero;
    for (const LinearQuant& q : c.q) scale.push_back(q.scale), zero.push_back(q.zero);
    p.run = [columns = dequantize_columns_pick(), scale, zero, flip = c.q[0].flip, rows = c.f.outer, n = c.f.n, threads](const Args& a) {
      const uint8_t* src = static_cast<const uint8_t*>(a.src[0]);
      float* dst = static_cast<float*>(a.dst[0]);
      parallel_for(rows * n >= 1 << 15 ? threads : 1, rows, 1, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) columns(src + i * n, dst + i * n, n, scale.data(), zero.data(), flip);
      });
    };
    return p;
  }
  p.run = [=](const Args& a) {
    const uint8_t* src = static_cast<const uint8_t*>(a.src[0]);
    float* dst = static_cast<float*>(a.dst[0]);
    for_channels(c, threads, [&](int64_t at, int64_t n, LinearQuant q) { row(src + at, dst + at, n, q); });
  };
  return p;
}

// ---- table of 256

void lookup_scalar(const uint8_t* x, uint8_t* y, int64_t n, const uint8_t* table) {
  for (int64_t i = 0; i < n; ++i) y[i] = table[x[i]];
}

#ifdef __x86_64__
// Sixteen tables by the lower half of a byte, then four choices by the bits of its upper half.
MO_AVX2 void lookup_avx2(const uint8_t* x, uint8_t* y, int64_t n, const uint8_t* table) {
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i)), low = _mm256_and_si256(v, _mm256_set1_epi8(15));
    const __m256i by16 = _mm256_slli_epi16(v, 3), by32 = _mm256_slli_epi16(v, 2), by64 = _mm256_slli_epi16(v, 1);  // the bit comes to the top
    auto part = [&](int64_t k) MO_TARGET("avx2,fma") {
      return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16 * k))), low);
    };
    __m256i eight[8], four[4];
#pragma GCC unroll 8
    for (int64_t k = 0; k < 8; ++k) eight[k] = _mm256_blendv_epi8(part(2 * k), part(2 * k + 1), by16);
#pragma GCC unroll 4
    for (int64_t k = 0; k < 4; ++k) four[k] = _mm256_blendv_epi8(eight[2 * k], eight[2 * k + 1], by32);
    const __m256i a = _mm256_blendv_epi8(four[0], four[1], by64), b = _mm256_blendv_epi8(four[2], four[3], by64);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), _mm256_blendv_epi8(a, b, v));
  }
  lookup_scalar(x + i, y + i, n - i, table);
}

MO_VBMI void lookup_vbmi(const uint8_t* x, uint8_t* y, int64_t n, const uint8_t* table) {
  const __m512i t0 = _mm512_loadu_si512(table), t1 = _mm512_loadu_si512(table + 64), t2 = _mm512_loadu_si512(table + 128),
                t3 = _mm512_loadu_si512(table + 192);
  for (int64_t i = 0; i < n; i += 64) {
    __mmask64 live = n - i >= 64 ? ~__mmask64{0} : (__mmask64{1} << (n - i)) - 1;
    __m512i v = _mm512_maskz_loadu_epi8(live, x + i);
    __m512i low = _mm512_permutex2var_epi8(t0, v, t1), high = _mm512_permutex2var_epi8(t2, v, t3);
    _mm512_mask_storeu_epi8(y + i, live, _mm512_mask_blend_epi8(_mm512_movepi8_mask(v), low, high));
  }
}
#else
constexpr auto lookup_vbmi = lookup_scalar, lookup_avx2 = lookup_scalar;  // nobody asks
#endif

void lookup_float(const uint8_t* x, float* y, int64_t n, const float* table) {
  for (int64_t i = 0; i < n; ++i) y[i] = table[x[i]];
}

Offer prepare_lookup(const Request& r) {
  const Tensor* table = r.in(1).constant;
  if (!table || table->size() != 256) return Decline{"table is not known at plan time"};
  int64_t n = element_count(r.in(0).shape);
  int threads = n >= 1 << 15 ? r.threads : 1;
  Prepared p;
  p.unused_inputs = {1};
  Tensor kept = *table;
  if (table->dtype() == DType::f32) {
    p.detail = "scalar";
    p.run = [=](const Args& a) {
      const uint8_t* x = static_cast<const uint8_t*>(a.src[0]);
      float* y = static_cast<float*>(a.dst[0]);
      parallel_for(threads, n, 4096,
                   [&](int64_t from, int64_t to) { lookup_float(x + from, y + from, to - from, static_cast<const float*>(kept.raw())); });
    };
    return p;
  }
  if (info(table->dtype()).bits != 8) return Decline{text("table of ", name(table->dtype()))};
  const bool vectors = isa() >= Isa::avx2;
  p.detail = has_vbmi() ? "avx512_vbmi" : vectors ? "avx2" : "scalar";
  p.in_place = 0;
  const std::optional<LookupLine> line =
      vectors && !has_vbmi()
          ? line_of(static_cast<const uint8_t*>(kept.raw()), r.in(0).dtype == DType::i8 ? 0x80 : 0, table->dtype() == DType::i8 ? 0x80 : 0)
          : std::nullopt;
  if (line) {
    p.detail += " line";
    p.run = [=](const Args& a) {
      const uint8_t* x = static_cast<const uint8_t*>(a.src[0]);
      uint8_t* y = static_cast<uint8_t*>(a.dst[0]);
      parallel_for(threads, n, 4096, [&](int64_t from, int64_t to) { lookup_line(x + from, y + from, to - from, *line); });
    };
    return p;
  }
  auto row = has_vbmi() ? lookup_vbmi : vectors ? lookup_avx2 : lookup_scalar;
  p.run = [=](const Args& a) {
    const uint8_t* x = static_cast<const uint8_t*>(a.src[0]);
    uint8_t* y = static_cast<uint8_t*>(a.dst[0]);
    parallel_for(threads, n, 4096, [&](int64_t from, int64_t to) { row(x + from, y + from, to - from, static_cast<const uint8_t*>(kept.raw())); });
  };
  return p;
}

}  // namespace

void flip_row(const uint8_t* x, uint8_t* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<uint8_t>(x[i] ^ 0x80);
}

DequantizeRow dequantize_row() { return dequantize_pick(); }
QuantizeRow quantize_row() { return quantize_pick(); }
AddRow add_row() { return add8_pick(); }

extern const Candidate simd_quantize{"QuantizeLinear", "", "simd_quantize", Wish::any_same, prepare_quantize};
extern const Candidate simd_dequantize{"DequantizeLinear", "", "simd_dequantize", Wish::any_same, prepare_dequantize};
extern const Candidate simd_lookup{"Lookup", "mo", "simd_lookup", Wish::any_same, prepare_lookup};

}  // namespace mo::kernels
