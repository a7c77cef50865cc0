// AdaRound (Nagel et al. 2020): each weight goes up or down so that the layer's output error, not the weight's, is least. The quadratic
// objective is minimised by coordinate descent from GPTQ's answer instead of a relaxation by gradient steps: no step size, no seed. Between
// descents each block's scale is set to the one that fits its codes best.
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "quantize/linear_algebra.h"
#include "quantize/matrix.h"

namespace mo::quantize {

namespace {

constexpr int k_sweeps = 12;
constexpr int k_refits = 2;
constexpr int64_t k_most_blocks = 64;  // of a row whose scales are fitted together

// Descends on one row: error d = real - w, gradient g = H d.
void descend(const float* w, float* q, const float* scale, const float* zero, int64_t block, int64_t n, const std::vector<float>& h, const Levels& l,
             float damp) {
  std::vector<float> d(static_cast<size_t>(n)), g(static_cast<size_t>(n), 0.0f);
  for (int64_t k = 0; k < n; ++k) d[static_cast<size_t>(k)] = (q[k] - zero[k / block]) * scale[k / block] - w[k];
  for (int64_t k = 0; k < n; ++k) {
    axpy(n, d[static_cast<size_t>(k)], h.data() + k * n, g.data());
    g[static_cast<size_t>(k)] += damp * d[static_cast<size_t>(k)];
  }
  for (int sweep = 0; sweep < k_sweeps; ++sweep) {
    bool moved = false;
    for (int64_t k = 0; k < n; ++k) {
      float s = scale[k / block], error = d[static_cast<size_t>(k)], slope = g[static_cast<size_t>(k)],
            curve = h[static_cast<size_t>(k * n + k)] + damp;
      float step = slope > 0 ? -1.0f : 1.0f, next = q[k] + step;
      if (next < l.low || next > l.high || std::abs(error + step * s) >= 1.5f * s) continue;
      if (step * s * slope + 0.5f * s * s * curve >= -1e-7f * std::abs(s * slope)) continue;
      q[k] = next;
      d[static_cast<size_t>(k)] += step * s;
      axpy(n, step * s, h.data() + k * n, g.data());
      g[static_cast<size_t>(k)] += damp * step * s;
      moved = true;
    }
    if (!moved) break;
  }
}

// Scales of least error for given codes: B H Bᵀ s = B H w, B holding the codes of one block a row.
void refit(const float* w, const float* q, float* scale, const float* zero, int64_t block, int64_t blocks, int64_t n, const std::vector<float>& h,
           float damp, float lowest) {
  if (blocks > k_most_blocks) return;
  auto count = static_cast<size_t>(blocks);
  std::vector<float> part(count * static_cast<size_t>(n), 0.0f);
  for (int64_t b = 0; b < blocks; ++b) {
    float* v = part.data() + b * n;
    for (int64_t k = b * block; k < std::min(n, (b + 1) * block); ++k) {
      float c = q[k] - zero[b];
      if (c == 0) continue;
      axpy(n, c, h.data() + k * n, v);
      v[k] += damp * c;
    }
  }
  std::vector<double> a(count * count), y(count);
  for (size_t b = 0; b < count; ++b) {
    const float* v = part.data() + b * static_cast<size_t>(n);
    for (int64_t k = 0; k < n; ++k) {
      y[b] += static_cast<double>(v[k]) * w[k];
      a[b * count + static_cast<size_t>(k / block)] += static_cast<double>(v[k]) * (q[k] - zero[k / block]);
    }
  }
  double mean = 0;
  for (size_t b = 0; b < count; ++b) mean += a[b * count + b] / static_cast<double>(count);
  if (!(mean > 0)) return;
  for (size_t b = 0; b < count; ++b) a[b * count + b] += 1e-6 * mean;
  // Elimination without pivots: the matrix is positive definite.
  for (size_t i = 0; i < count; ++i)
    for (size_t r = i + 1; r < count; ++r) {
      double f = a[r * count + i] / a[i * count + i];
      if (f == 0) continue;
      for (size_t c = i; c < count; ++c) a[r * count + c] -= f * a[i * count + c];
      y[r] -= f * y[i];
    }
  for (size_t i = count; i-- > 0;) {
    for (size_t c = i + 1; c < count; ++c) y[i] -= a[i * count + c] * y[c];
    y[i] /= a[i * count + i];
  }
  for (size_t b = 0; b < count; ++b) {
    auto s = static_cast<float>(y[b]);
    if (s > 0.5f * scale[b] && s < 2 * scale[b] && s >= lowest) scale[b] = s;
  }
}

}  // namespace

void round_adaround(const Matrix& weights, const WeightForm& form, std::span<const float> min_scale, const InputMoments& moments, Codes& codes) {
  round_gptq(weights, form, moments, codes);
  int threads = available_threads();
  Levels l = levels(form);
  int64_t n = weights.cols, per_group = weights.rows / moments.groups;
  for (int64_t group = 0; group < moments.groups; ++group) {
    const std::vector<float>& h = moments.gram[static_cast<size_t>(group)];
    double mean = 0;
    for (int64_t k = 0; k < n; ++k) mean += h[static_cast<size_t>(k * n + k)] / static_cast<double>(n);
    if (!(mean > 0)) continue;
    auto damp = static_cast<float>(moments.damp() * mean);
    parallel_for(int64_t{0}, per_group, int64_t{4}, threads, [&](int64_t from, int64_t to) {
      for (int64_t r = group * per_group + from; r < group * per_group + to; ++r) {
        const float *w = weights.row(r), *zero = codes.zero.data() + r * codes.blocks;
        float *q = codes.q.row(r), *scale = codes.scale.data() + r * codes.blocks;
        float lowest = min_scale.empty() ? 0 : min_scale[min_scale.size() == 1 ? 0 : static_cast<size_t>(r)];
        descend(w, q, scale, zero, codes.block, n, h, l, damp);
        for (int i = 0; i < k_refits && form.scale.empty(); ++i) {
          refit(w, q, scale, zero, codes.block, codes.blocks, n, h, damp, lowest);
          descend(w, q, scale, zero, codes.block, n, h, l, damp);
        }
      }
    });
  }
}

}  // namespace mo::quantize
