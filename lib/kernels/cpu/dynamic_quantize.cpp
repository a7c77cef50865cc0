// DynamicQuantizeLinear: the range of the data, then their quantization by it.
#include <algorithm>
#include <cmath>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_quant.h"
#include "kernels/kernel.h"

namespace mo::kernels {
namespace {

struct Range {
  float low = 0, high = 0;  // 0 is always part of it
};

MO_INLINE Range range_body(const float* x, int64_t n) {
  float low = 0, high = 0;
#pragma omp simd reduction(min : low) reduction(max : high)
  for (int64_t i = 0; i < n; ++i) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  return {low, high};
}
MO_SIMD_PLAIN(range, Range, (const float* x, int64_t n), (x, n))

Offer prepare(const Request& r) {
  const int64_t n = element_count(r.in(0).shape);
  if (r.in(0).dtype != DType::f32) return Decline{text("dtype ", name(r.in(0).dtype))};
  if (n == 0) return Decline{"empty tensor"};
  const int threads = n >= 1 << 15 ? r.threads : 1;
  const auto range_of = range_pick();
  const QuantizeRow quantize = quantize_row();
  Prepared p;
  p.detail = isa_name();
  p.scratch_bytes = static_cast<int64_t>(sizeof(Range)) * threads;
  p.run = [=](const Args& a) {
    const float* x = static_cast<const float*>(a.src[0]);
    Range* parts = static_cast<Range*>(a.scratch);
    parallel_for(threads, threads, 1, [&](int64_t from, int64_t to) {
      for (int64_t t = from; t < to; ++t) parts[t] = range_of(x + n * t / threads, n * (t + 1) / threads - n * t / threads);
    });
    Range all;
    for (int t = 0; t < threads; ++t) all = {std::min(all.low, parts[t].low), std::max(all.high, parts[t].high)};
    float scale = (all.high - all.low) / 255.0f;
    if (scale == 0) scale = 1;  // all zeros: any scale does
    float zero = std::nearbyint(std::min(255.0f, std::max(0.0f, -all.low / scale)));
    if (!(zero >= 0)) zero = 0;  // infinite range
    const LinearQuant q = linear_quant(DType::u8, scale, static_cast<int32_t>(zero));
    if (a.dst[0])
      parallel_for(threads, n, 4096, [&](int64_t from, int64_t to) { quantize(x + from, static_cast<uint8_t*>(a.dst[0]) + from, to - from, q); });
    if (a.dst[1]) *static_cast<float*>(a.dst[1]) = scale;
    if (a.dst[2]) *static_cast<uint8_t*>(a.dst[2]) = static_cast<uint8_t>(zero);
  };
  return p;
}

}  // namespace

extern const Candidate simd_dynamic_quantize{"DynamicQuantizeLinear", "", "simd_dynamic_quantize", Wish::any_same, prepare};

}  // namespace mo::kernels
