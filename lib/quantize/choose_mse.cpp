// Minimises the expected squared error of quantizing the histogram: clipping error outside, rounding error inside
// (Choukroun et al. 2019, "Low-bit quantization of neural networks for efficient inference").
#include <algorithm>
#include <cmath>

#include "quantize/chooser.h"

namespace mo::quantize {

namespace {

double expected_error(const Statistics& s, Range r, const Grid& grid) {
  Scale q = scale_of(r, grid);
  double low = static_cast<double>(grid.low() - q.zero_point) * q.scale, high = static_cast<double>(grid.high() - q.zero_point) * q.scale;
  double width = 2 * s.span / k_bins, error = 0;
  for (int64_t b = 0; b < k_bins; ++b) {
    double n = static_cast<double>(s.bins[static_cast<size_t>(b)]);
    if (n == 0) continue;
    double x = (static_cast<double>(b) + 0.5) * width - s.span;
    double nearest_step = std::nearbyint(x / q.scale) * q.scale, y = std::clamp(nearest_step, low, high);
    // Values are spread over the bin; where bins are wider than steps the mean rounding error of a step is what counts.
    double rounding = width >= q.scale ? static_cast<double>(q.scale) * q.scale / 12 : (x - y) * (x - y);
    bool clipped = x < low || x > high;
    error += n * (clipped ? (x - y) * (x - y) : rounding);
  }
  return error;
}

Range choose(const Statistics& s, const Grid& grid, const ChooserOptions&) {
  if (s.count == 0) return {};
  Range best{s.min, s.max};
  double best_error = expected_error(s, best, grid);
  constexpr int k_steps = 60;
  for (int i = 1; i < k_steps; ++i) {  // both ends shrink together from the full range to a twentieth of it
    float f = 1 - 0.95f * static_cast<float>(i) / k_steps;
    Range r{s.min * f, s.max * f};
    double e = expected_error(s, r, grid);
    if (e < best_error) best_error = e, best = r;
  }
  for (int pass = 0; pass < 2; ++pass)  // then each end alone
    for (bool upper : {false, true})
      for (int i = 1; i < 20; ++i) {
        Range r = best;
        (upper ? r.high : r.low) *= 1 - 0.02f * static_cast<float>(i);
        double e = expected_error(s, r, grid);
        if (e < best_error) best_error = e, best = r;
      }
  return best;
}

}  // namespace

extern const ChooserDef choose_mse{"mse", "the range with the least expected squared error after rounding and clipping", choose};

}  // namespace mo::quantize
