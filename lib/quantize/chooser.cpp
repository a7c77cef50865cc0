// The table of scale choosers, and the step from a range to scale and zero point.
#include "quantize/chooser.h"

#include <algorithm>
#include <cmath>

namespace mo::quantize {

#define MO_CHOOSER(identifier) extern const ChooserDef identifier;
#include "quantize/choosers.inc"
#undef MO_CHOOSER

namespace {
constexpr const ChooserDef* k_choosers[] = {
#define MO_CHOOSER(identifier) &identifier,
#include "quantize/choosers.inc"
#undef MO_CHOOSER
};
}  // namespace

std::span<const ChooserDef* const> choosers() { return k_choosers; }

const ChooserDef& chooser(std::string_view name) {
  std::vector<std::string> names;
  for (const ChooserDef* c : k_choosers) {
    if (name == c->name) return *c;
    names.push_back(c->name);
  }
  std::string near = nearest(name, names);
  fail(Code::invalid_argument, "unknown calibration method '", printable(name), "'", near.empty() ? "" : "; did you mean '" + near + "'?",
       " (known: ", join(names, ", "), ")");
}

int64_t Grid::low() const {
  if (is_floating(dtype)) return -high();
  int bits = info(dtype).bits;
  if (!info(dtype).is_signed) return 0;
  return -(int64_t{1} << (bits - 1)) + (symmetric ? 1 : 0);
}

int64_t Grid::high() const {
  if (is_floating(dtype)) return dtype == DType::f8e5m2 ? 57344 : 448;
  int bits = info(dtype).bits;
  return info(dtype).is_signed ? (int64_t{1} << (bits - 1)) - 1 : (int64_t{1} << bits) - 1;
}

Scale scale_of(Range range, const Grid& grid) {
  double low = std::min(0.0, static_cast<double>(range.low)), high = std::max(0.0, static_cast<double>(range.high));
  if (!std::isfinite(low) || !std::isfinite(high)) low = high = 0;
  int64_t q_low = grid.low(), q_high = grid.high();
  bool is_signed = info(grid.dtype).is_signed;
  if (grid.symmetric || is_floating(grid.dtype)) {
    int64_t middle = is_signed || is_floating(grid.dtype) ? 0 : (q_high + 1) / 2;
    double reach = std::max(-low, high), steps = static_cast<double>(q_high - middle);
    double scale = reach / steps;
    return {scale >= 1e-30 ? static_cast<float>(scale) : 1.0f, static_cast<int32_t>(middle)};
  }
  double scale = (high - low) / static_cast<double>(q_high - q_low);
  if (!(scale >= 1e-30)) return {1.0f, static_cast<int32_t>(is_signed ? 0 : q_low)};
  float rounded = static_cast<float>(scale);
  double zero = std::nearbyint(static_cast<double>(q_low) - low / rounded);
  return {rounded, static_cast<int32_t>(std::clamp(zero, static_cast<double>(q_low), static_cast<double>(q_high)))};
}

double squared_error(const Statistics& s, Range r, const Grid& grid) {
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

Range no_worse_than_all(const Statistics& s, Range r, const Grid& grid, float wild) {
  if (s.count == 0 || s.bins.empty()) return r;
  Range all{s.min, s.max};
  float far = std::max(std::abs(s.min), std::abs(s.max)), reach = std::max(std::abs(r.low), std::abs(r.high));
  return far < wild * reach && squared_error(s, r, grid) > squared_error(s, all, grid) ? all : r;
}

}  // namespace mo::quantize
