// Minimises the expected squared error of quantizing the histogram: clipping error outside, rounding error inside
// (Choukroun et al. 2019, "Low-bit quantization of neural networks for efficient inference").
#include <algorithm>
#include <cmath>

#include "quantize/chooser.h"

namespace mo::quantize {

namespace {

Range choose(const Statistics& s, const Grid& grid, const ChooserOptions&) {
  if (s.count == 0) return {};
  Range best{s.min, s.max};
  double best_error = squared_error(s, best, grid);
  constexpr int k_steps = 60;
  for (int i = 1; i < k_steps; ++i) {  // both ends shrink together from the full range to a twentieth of it
    float f = 1 - 0.95f * static_cast<float>(i) / k_steps;
    Range r{s.min * f, s.max * f};
    double e = squared_error(s, r, grid);
    if (e < best_error) best_error = e, best = r;
  }
  for (int pass = 0; pass < 2; ++pass)  // then each end alone
    for (bool upper : {false, true})
      for (int i = 1; i < 20; ++i) {
        Range r = best;
        (upper ? r.high : r.low) *= 1 - 0.02f * static_cast<float>(i);
        double e = squared_error(s, r, grid);
        if (e < best_error) best_error = e, best = r;
      }
  return best;
}

}  // namespace

extern const ChooserDef choose_mse{"mse", "the range with the least expected squared error after rounding and clipping", choose};

}  // namespace mo::quantize
