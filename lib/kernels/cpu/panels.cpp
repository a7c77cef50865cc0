// Products of a few rows with a packed constant matrix.
#include "kernels/cpu/panels.h"

#include <cstdlib>
#include <cstring>

#include "kernels/cpu/onednn.h"
#include "kernels/cpu/simd.h"

namespace mo::kernels {

Panels pack_panels(const Request& r, const Tensor& constant, const float* rows, int64_t n, int64_t k) {
  Panels p{n, k, nullptr};
  auto make = [&]() -> std::shared_ptr<const void> {
    Tensor packed = Tensor::zeros(DType::f32, {p.count(), k, k_panel});
    float* dst = packed.mutable_data<float>();
    for (int64_t j = 0; j < n; ++j)
      for (int64_t i = 0; i < k; ++i) dst[(j / k_panel * k + i) * k_panel + j % k_panel] = rows[j * k + i];
    return onednn::hold(packed);
  };
  if (!r.packs) {
    p.data = make();
    return p;
  }
  p.data = r.packs->get(text("panels ", onednn::constant_key(r, constant), " ", rows - constant.data<float>(), " ", n, " ", k), make);
  return p;
}

namespace {

// 16 floats; the compiler splits them where registers are narrower.
typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));

template <int rows>
MO_INLINE void block(const float* w, int64_t k, const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  Lanes acc[rows][4];
#pragma GCC unroll 4
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) acc[i][j] = *reinterpret_cast<const Lanes*>(y + i * y_stride + 16 * j);
  for (int64_t p = 0; p < k; ++p, w += k_panel) {
    Lanes w0 = *reinterpret_cast<const Lanes*>(w), w1 = *reinterpret_cast<const Lanes*>(w + 16), w2 = *reinterpret_cast<const Lanes*>(w + 32),
          w3 = *reinterpret_cast<const Lanes*>(w + 48);
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
      const float v = x[i * x_stride + p];
      acc[i][0] += w0 * v;
      acc[i][1] += w1 * v;
      acc[i][2] += w2 * v;
      acc[i][3] += w3 * v;
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) *reinterpret_cast<Lanes*>(y + i * y_stride + 16 * j) = acc[i][j];
}

template <int rows>
MO_INLINE void panel(const Panels& w, int64_t p, const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  const float* data = static_cast<const float*>(w.data.get()) + p * w.k * k_panel;
  const int64_t width = w.n - p * k_panel;
  if (width >= k_panel) {
    block<rows>(data, w.k, x, x_stride, y + p * k_panel, y_stride);
    return;
  }
  float edge[rows][k_panel] = {};
  for (int i = 0; i < rows; ++i) std::memcpy(edge[i], y + i * y_stride + p * k_panel, static_cast<size_t>(width) * sizeof(float));
  block<rows>(data, w.k, x, x_stride, edge[0], k_panel);
  for (int i = 0; i < rows; ++i) std::memcpy(y + i * y_stride + p * k_panel, edge[i], static_cast<size_t>(width) * sizeof(float));
}

MO_INLINE void multiply_body(const Panels& w, const float* x, int64_t x_stride, float* y, int64_t y_stride, int64_t rows, int64_t from, int64_t to) {
  for (int64_t p = from; p < to; ++p) {
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4) panel<4>(w, p, x + i * x_stride, x_stride, y + i * y_stride, y_stride);
    if (i + 2 <= rows) panel<2>(w, p, x + i * x_stride, x_stride, y + i * y_stride, y_stride), i += 2;
    if (i < rows) panel<1>(w, p, x + i * x_stride, x_stride, y + i * y_stride, y_stride);
  }
}
MO_SIMD_PLAIN(multiply, void, (const Panels& w, const float* x, int64_t x_stride, float* y, int64_t y_stride, int64_t rows, int64_t from, int64_t to),
              (w, x, x_stride, y, y_stride, rows, from, to))

}  // namespace

MultiplyPanels multiply_panels() { return multiply_pick(); }

}  // namespace mo::kernels
