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

}  // namespace mo::quantize
