// AdaRound (Nagel et al. 2020): each weight goes up or down so that the layer's output error, not the weight's, is least. The quadratic
// objective is minimised by coordinate descent from GPTQ's answer instead of a relaxation by gradient steps: no step size, no seed.
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "quantize/linear_algebra.h"
#include "quantize/matrix.h"

namespace mo::quantize {

namespace {

constexpr int k_sweeps = 12;
constexpr double k_damp = 0.005;

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

}  // namespace

void round_adaround(const Matrix& weights, const WeightForm& form, const InputMoments& moments, Codes& codes) {
  round_gptq(weights, form, moments, codes);
  int threads = available_threads();
  Levels l = levels(form);
  int64_t n = weights.cols, per_group = weights.rows / moments.groups;
  for (int64_t group = 0; group < moments.groups; ++group) {
    const std::vector<float>& h = moments.gram[static_cast<size_t>(group)];
    double mean = 0;
    for (int64_t k = 0; k < n; ++k) mean += h[static_cast<size_t>(k * n + k)] / static_cast<double>(n);
    if (!(mean > 0)) continue;
    parallel_for(int64_t{0}, per_group, int64_t{4}, threads, [&](int64_t from, int64_t to) {
      for (int64_t r = group * per_group + from; r < group * per_group + to; ++r)
        descend(weights.row(r), codes.q.row(r), codes.scale.data() + r * codes.blocks, codes.zero.data() + r * codes.blocks, codes.block, n, h, l,
                static_cast<float>(k_damp * mean));
    });
  }
}

}  // namespace mo::quantize
