// LayerNormalization and RMSNormalization over the last axes, and BatchNormalization with known statistics.
#include <cmath>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/physical.h"
#include "kernels/cpu/simd_math.h"

namespace mo::kernels {
namespace {

MO_INLINE void layer_body(const float* x, const float* scale, const float* bias, float* y, int64_t n, float epsilon) {
  float sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  const float mean = sum / static_cast<float>(n);
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const float factor = 1.0f / std::sqrt(squares / static_cast<float>(n) + epsilon);
  if (bias) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * factor * scale[i] + bias[i];
  } else {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * factor * scale[i];
  }
}
MO_SIMD_PLAIN(layer, void, (const float* x, const float* scale, const float* bias, float* y, int64_t n, float epsilon),
              (x, scale, bias, y, n, epsilon))

MO_INLINE void rms_body(const float* x, const float* scale, const float*, float* y, int64_t n, float epsilon) {
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < n; ++i) squares += x[i] * x[i];
  const float factor = 1.0f / std::sqrt(squares / static_cast<float>(n) + epsilon);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * factor * scale[i];
}
MO_SIMD_PLAIN(rms, void, (const float* x, const float* scale, const float* bias, float* y, int64_t n, float epsilon), (x, scale, bias, y, n, epsilon))

Offer prepare_rows(const Request& r, bool rms) {
  const Operand& x = r.in(0);
  if (x.dtype != DType::f32 || r.in(1).dtype != DType::f32) return Decline{text("dtype ", name(x.dtype))};
  if (r.outputs.size() > 1 && (r.out(1).present || r.out(2).present)) return Decline{"mean or deviation wanted"};
  int64_t axis = r.node.i("axis", -1), rank = static_cast<int64_t>(x.shape.size());
  if (axis < 0) axis += rank;
  int64_t n = 1, outer = 1;
  for (int64_t i = 0; i < rank; ++i) (i < axis ? outer : n) *= x.shape[i];
  if (n == 0 || outer == 0) return Decline{"empty tensor"};
  if (element_count(r.in(1).shape) != n || (r.in(2).present && element_count(r.in(2).shape) != n)) return Decline{"scale or bias is broadcast"};
  float epsilon = r.node.f("epsilon", 1e-5f);
  auto row = rms ? rms_pick() : layer_pick();
  const bool has_bias = !rms && r.in(2).present;
  int threads = outer * n >= 1 << 13 ? r.threads : 1;
  Prepared p;
  p.detail = isa_name();
  p.in_place = 0;
  p.run = [=](const Args& a) {
    const float *src = static_cast<const float*>(a.src[0]), *scale = static_cast<const float*>(a.src[1]);
    const float* bias = has_bias ? static_cast<const float*>(a.src[2]) : nullptr;
    float* dst = static_cast<float*>(a.dst[0]);
    parallel_for(threads, outer, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) row(src + i * n, scale, bias, dst + i * n, n, epsilon);
    });
  };
  return p;
}

Offer prepare_layer(const Request& r) { return prepare_rows(r, false); }
Offer prepare_rms(const Request& r) { return prepare_rows(r, true); }

// y = x * a + b with a and b per channel
MO_INLINE void affine_body(const float* x, float* y, int64_t n, float a, float b) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * a + b;
}
MO_SIMD_PLAIN(affine, void, (const float* x, float* y, int64_t n, float a, float b), (x, y, n, a, b))
MO_INLINE void affine_columns_body(const float* x, float* y, int64_t n, const float* a, const float* b) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * a[i] + b[i];
}
MO_SIMD_PLAIN(affine_columns, void, (const float* x, float* y, int64_t n, const float* a, const float* b), (x, y, n, a, b))

Offer prepare_batch(const Request& r) {
  const Operand& x = r.in(0);
  if (x.dtype != DType::f32) return Decline{text("dtype ", name(x.dtype))};
  if (r.node.i("training_mode", 0) != 0) return Decline{"training mode"};
  for (size_t i = 1; i < 5; ++i)
    if (!r.in(i).constant || r.in(i).dtype != DType::f32) return Decline{"statistics are not known at plan time"};
  if (x.shape.size() < 2 || element_count(x.shape) == 0) return Decline{"rank below 2 or empty"};
  std::vector<float> scale = r.in(1).constant->floats(), bias = r.in(2).constant->floats(), mean = r.in(3).constant->floats(),
                     var = r.in(4).constant->floats();
  float epsilon = r.node.f("epsilon", 1e-5f);
  for (size_t i = 0; i < scale.size(); ++i) {
    scale[i] /= std::sqrt(var[i] + epsilon);
    bias[i] -= mean[i] * scale[i];
  }
  Fibre f = fibre(x, 1);
  auto row = affine_pick();
  auto columns = affine_columns_pick();
  int threads = element_count(x.shape) >= 1 << 15 ? r.threads : 1;
  Prepared p;
  p.detail = isa_name();
  p.in_place = 0;
  p.unused_inputs = {1, 2, 3, 4};
  p.run = [=, scale = std::move(scale), bias = std::move(bias)](const Args& args) {
    const float* src = static_cast<const float*>(args.src[0]);
    float* dst = static_cast<float*>(args.dst[0]);
    if (f.inner == 1) {
      parallel_for(threads, f.outer, 16, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) columns(src + i * f.n, dst + i * f.n, f.n, scale.data(), bias.data());
      });
      return;
    }
    parallel_for(threads, f.outer * f.n, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) row(src + i * f.inner, dst + i * f.inner, f.inner, scale[i % f.n], bias[i % f.n]);
    });
  };
  return p;
}

}  // namespace

extern const Candidate simd_layer_norm{"LayerNormalization", "", "simd_norm", Wish::plain, prepare_layer};
extern const Candidate simd_rms_norm{"RMSNormalization", "", "simd_norm", Wish::plain, prepare_rms};
extern const Candidate simd_batch_norm{"BatchNormalization", "", "simd_norm", Wish::any_same, prepare_batch};

}  // namespace mo::kernels
