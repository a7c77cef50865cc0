// GPTQ (Frantar et al. 2022): columns are rounded one after the other, and each error is made good in the columns still to come, by the
// inverse of the inputs' second moments.
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "quantize/linear_algebra.h"
#include "quantize/matrix.h"

namespace mo::quantize {

namespace {

constexpr int64_t k_rows = 16;  // rounded together, so that a row of the factor is read once for all of them

// Rows [from, to) of a group whose factor is u.
void round_rows(const WeightForm& form, const std::vector<float>& u, Matrix& w, Codes& codes, int64_t from, int64_t to) {
  Levels l = levels(form);
  int64_t n = w.cols;
  for (int64_t i = 0; i < n; ++i) {
    const float* factor = u.data() + i * n;
    for (int64_t r = from; r < to; ++r) {
      float* x = w.row(r);
      auto at = static_cast<size_t>(codes.at(r, i));
      if (codes.blocks > 1 && i % codes.block == 0 && form.scale.empty())
        choose_block(x + i, std::min(codes.block, n - i), form, nullptr, codes.scale[at], codes.zero[at]);
      float q = std::clamp(std::nearbyint(x[i] / codes.scale[at]) + codes.zero[at], l.low, l.high);
      codes.q.row(r)[i] = q;
      float error = (x[i] - (q - codes.zero[at]) * codes.scale[at]) / factor[i];
      axpy(n - i - 1, -error, factor + i + 1, x + i + 1);
    }
  }
}

}  // namespace

void round_gptq(const Matrix& weights, const WeightForm& form, const InputMoments& moments, Codes& codes) {
  int threads = available_threads();
  Matrix w = weights;
  int64_t groups = moments.groups, per_group = weights.rows / groups;
  for (int64_t g = 0; g < groups; ++g) {
    std::vector<float> u = inverse_factor(moments.gram[static_cast<size_t>(g)], weights.cols, moments.damp(), threads);
    parallel_for(int64_t{0}, (per_group + k_rows - 1) / k_rows, int64_t{1}, threads, [&](int64_t from, int64_t to) {
      for (int64_t t = from; t < to; ++t)
        round_rows(form, u, w, codes, g * per_group + t * k_rows, g * per_group + std::min(per_group, (t + 1) * k_rows));
    });
  }
}

void aim_at_exact(Matrix& weights, const InputMoments& moments) {
  constexpr float k_part = 0.5f;
  int64_t n = weights.cols, per_group = weights.rows / moments.groups;
  for (int64_t g = 0; g < moments.groups; ++g) {
    const auto k = static_cast<size_t>(g);
    std::vector<float> off = moments.cross[k], u = inverse_factor(moments.gram[k], n, moments.damp(), available_threads());
    for (size_t i = 0; i < off.size(); ++i) off[i] -= moments.gram[k][i];
    // w += part * w (cross - gram) (gram + damp)^-1, the inverse being uᵀ u.
    std::vector<float> a(static_cast<size_t>(per_group * n)), b(a.size());
    float* w = weights.row(g * per_group);
    multiply(w, off.data(), false, per_group, n, n, a.data());
    multiply(a.data(), u.data(), true, per_group, n, n, b.data());
    multiply(b.data(), u.data(), false, per_group, n, n, a.data());
    axpy(per_group * n, k_part, a.data(), w);
  }
}

}  // namespace mo::quantize
