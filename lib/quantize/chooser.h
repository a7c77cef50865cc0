// Scale choosers: from the statistics of a value to the range that 8 bits (or fewer) shall cover.
#pragma once
#include <cmath>
#include <span>
#include <string_view>

#include "quantize/calibration.h"

namespace mo::quantize {

struct Range {
  float low = 0, high = 0;
};

// What the chosen range will be quantized to.
struct Grid {
  DType dtype = DType::u8;
  bool symmetric = false;  // zero point fixed in the middle
  int64_t low() const;     // lowest and highest integer used; symmetric signed grids leave out the lowest (-127..127)
  int64_t high() const;
};

struct ChooserOptions {
  double percentile = 99.999;  // of `percentile`
};

struct ChooserDef {
  const char* name;  // "minmax", "percentile", "entropy", "mse"
  const char* help;  // one sentence with the paper
  Range (*choose)(const Statistics&, const Grid&, const ChooserOptions&);
};

std::span<const ChooserDef* const> choosers();     // choosers.inc
const ChooserDef& chooser(std::string_view name);  // Code::invalid_argument naming the nearest

struct Scale {
  float scale = 1;
  int32_t zero_point = 0;
};
// 0 is always representable exactly; a degenerate range (no data, all zero, NaN) gives scale 1, never 0 or NaN.
Scale scale_of(Range range, const Grid& grid);

// Sum of squared errors that rounding to this range leaves of the histogram: clipping outside, rounding inside.
double squared_error(const Statistics& statistics, Range range, const Grid& grid);
// `range`, or the extremes where it leaves a larger squared error than they do; `range` all the same where they are `wild` times as far out.
Range no_worse_than_all(const Statistics& statistics, Range range, const Grid& grid, float wild = INFINITY);
inline constexpr float k_wild = 4;  // so much farther out than what is usual are values that came of something broken

}  // namespace mo::quantize
