// Softmax and LogSoftmax over one axis, in any layout.
#include "kernels/cpu/simd_softmax.h"

#include <cmath>
#include <limits>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/physical.h"
#include "kernels/cpu/simd_math.h"

namespace mo::kernels {
namespace {

MO_INLINE void softmax_body(const float* x, const float* mask, float* y, int64_t n, float scale) {
  float m = -std::numeric_limits<float>::infinity();
  if (mask) {
#pragma omp simd reduction(max : m)
    for (int64_t i = 0; i < n; ++i) {
      float v = x[i] * scale + mask[i];
      y[i] = v;
      m = v > m ? v : m;
    }
  } else {
#pragma omp simd reduction(max : m)
    for (int64_t i = 0; i < n; ++i) {
      float v = x[i] * scale;
      y[i] = v;
      m = v > m ? v : m;
    }
  }
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) {
    float e = math::exp(y[i] - m);
    y[i] = e;
    sum += e;
  }
  const float factor = 1.0f / sum;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] *= factor;
}
MO_SIMD_PLAIN(softmax, void, (const float* x, const float* mask, float* y, int64_t n, float scale), (x, mask, y, n, scale))

MO_INLINE void log_softmax_body(const float* x, float* y, int64_t n) {
  float m = -std::numeric_limits<float>::infinity(), sum = 0;
#pragma omp simd reduction(max : m)
  for (int64_t i = 0; i < n; ++i) m = x[i] > m ? x[i] : m;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += math::exp(x[i] - m);
  const float shift = std::log(sum);  // kept apart from m: their sum would lose its digits beside a large m
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - m) - shift;
}
MO_SIMD_PLAIN(log_softmax, void, (const float* x, float* y, int64_t n), (x, y, n))

// The axis has `inner` elements between its entries: columns side by side, at most 64 at once.
constexpr int64_t k_columns = 64;
MO_INLINE void columns_body(const float* x, float* y, int64_t n, int64_t inner, int64_t width, bool logarithm) {
  float m[k_columns], sum[k_columns];
  for (int64_t j = 0; j < k_columns; ++j) {
    m[j] = -std::numeric_limits<float>::infinity();
    sum[j] = 0;
  }
  for (int64_t i = 0; i < n; ++i) {
    const float* row = x + i * inner;
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) m[j] = row[j] > m[j] ? row[j] : m[j];
  }
  for (int64_t i = 0; i < n; ++i) {
    const float* src = x + i * inner;
    float* dst = y + i * inner;
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) {
      float v = src[j] - m[j], e = math::exp(v);
      dst[j] = logarithm ? v : e;
      sum[j] += e;
    }
  }
  for (int64_t j = 0; j < width; ++j) sum[j] = logarithm ? std::log(sum[j]) : 1.0f / sum[j];
  for (int64_t i = 0; i < n; ++i) {
    float* dst = y + i * inner;
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) dst[j] = logarithm ? dst[j] - sum[j] : dst[j] * sum[j];
  }
}
MO_SIMD_PLAIN(columns, void, (const float* x, float* y, int64_t n, int64_t inner, int64_t width, bool logarithm), (x, y, n, inner, width, logarithm))

Offer prepare_any(const Request& r, bool logarithm) {
  const Operand& x = r.in(0);
  if (x.dtype != DType::f32) return Decline{text("dtype ", name(x.dtype))};
  if (x.shape.empty() || element_count(x.shape) == 0) return Decline{"scalar or empty tensor"};
  int64_t axis = r.node.i("axis", -1);
  if (axis < 0) axis += static_cast<int64_t>(x.shape.size());
  Fibre f = fibre(x, axis);
  int threads = element_count(x.shape) >= 1 << 13 ? r.threads : 1;
  Prepared p;
  p.detail = isa_name();
  p.in_place = 0;
  if (f.inner == 1) {
    auto row = softmax_pick();
    auto log_row = log_softmax_pick();
    p.run = [=](const Args& a) {
      const float* src = static_cast<const float*>(a.src[0]);
      float* dst = static_cast<float*>(a.dst[0]);
      parallel_for(threads, f.outer, 1, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) {
          if (logarithm) log_row(src + i * f.n, dst + i * f.n, f.n);
          else row(src + i * f.n, nullptr, dst + i * f.n, f.n, 1.0f);
        }
      });
    };
    return p;
  }
  auto columns = columns_pick();
  p.run = [=](const Args& a) {
    const float* src = static_cast<const float*>(a.src[0]);
    float* dst = static_cast<float*>(a.dst[0]);
    int64_t blocks = (f.inner + k_columns - 1) / k_columns;
    parallel_for(threads, f.outer * blocks, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        int64_t column = i % blocks * k_columns, at = i / blocks * f.n * f.inner + column;
        columns(src + at, dst + at, f.n, f.inner, std::min(k_columns, f.inner - column), logarithm);
      }
    });
  };
  return p;
}

Offer prepare_softmax(const Request& r) { return prepare_any(r, false); }
Offer prepare_log_softmax(const Request& r) { return prepare_any(r, true); }

}  // namespace

SoftmaxRow softmax_row() { return softmax_pick(); }

extern const Candidate simd_softmax{"Softmax", "", "simd_softmax", Wish::any_same, prepare_softmax};
extern const Candidate simd_log_softmax{"LogSoftmax", "", "simd_softmax", Wish::any_same, prepare_log_softmax};

}  // namespace mo::kernels
