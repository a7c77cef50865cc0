// ACIQ (Banner et al. 2018, "Post training 4-bit quantization of convolutional networks"): the clipping value with the least expected squared
// error if the values were distributed like Laplace's or Gauss's law, whichever serves the values seen better; no clipping where that serves them best.
#include <algorithm>
#include <cmath>

#include "quantize/chooser.h"

namespace mo::quantize {

namespace {

// Expected squared error of clipping at a (in units of the law's own spread) with steps of `reach / levels`.
double laplace_error(double a, double step) { return 2 * std::exp(-a) + step * step / 12; }

double gauss_error(double a, double step) {
  double tail = (a * a + 1) * std::erfc(a / std::sqrt(2.0)) - a * std::sqrt(2 / M_PI) * std::exp(-a * a / 2);
  return tail + step * step / 12;
}

// Golden section over the clipping value.
template <class F>
double least(F error, double low, double high) {
  constexpr double k_golden = 0.6180339887498949;
  for (int i = 0; i < 60; ++i) {
    double a = high - k_golden * (high - low), b = low + k_golden * (high - low);
    (error(a) < error(b) ? high : low) = error(a) < error(b) ? b : a;
  }
  return (low + high) / 2;
}

Range choose(const Statistics& s, const Grid& grid, const ChooserOptions&) {
  if (s.count == 0 || s.bins.empty()) return {s.min, s.max};
  // One-sided data (after Relu) are half of a law around 0; others have their own centre.
  bool one_sided = s.min >= 0 || s.max <= 0;
  double width = 2 * s.span / k_bins, n = 0, sum = 0;
  auto centre_of = [&](int64_t b) { return (static_cast<double>(b) + 0.5) * width - s.span; };
  for (int64_t b = 0; b < k_bins; ++b) {
    auto c = static_cast<double>(s.bins[static_cast<size_t>(b)]);
    if (one_sided && std::abs(centre_of(b)) < width) continue;  // zeros are no part of the law
    n += c, sum += c * centre_of(b);
  }
  if (n == 0) return {s.min, s.max};
  double mean = one_sided ? 0 : sum / n, away = 0, square = 0;
  for (int64_t b = 0; b < k_bins; ++b) {
    double x = centre_of(b) - mean;
    if (one_sided && std::abs(x) < width) continue;
    auto c = static_cast<double>(s.bins[static_cast<size_t>(b)]);
    away += c * std::abs(x) / n, square += c * x * x / n;
  }
  double spread = std::sqrt(square);
  if (!(spread > 0) || !(away > 0)) return {s.min, s.max};
  double levels = static_cast<double>(grid.high() - grid.low()), sides = one_sided ? 1 : 2;
  auto within = [&](double reach) {
    return Range{std::max(s.min, static_cast<float>(mean - reach)), std::min(s.max, static_cast<float>(mean + reach))};
  };
  Range laplace = within(away * least([&](double t) { return laplace_error(t, sides * t / levels); }, 1, 60)),
        gauss = within(spread * least([&](double t) { return gauss_error(t, sides * t / levels); }, 1, 20));
  return no_worse_than_all(s, squared_error(s, laplace, grid) < squared_error(s, gauss, grid) ? laplace : gauss, grid);
}

}  // namespace

extern const ChooserDef choose_analytic{
    "analytic", "the clipping value with the least expected squared error under a Laplace or Gauss law fitted to the values (ACIQ)", choose};

}  // namespace mo::quantize
