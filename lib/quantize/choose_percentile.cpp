// Leaves out the same share of values at both ends (McKinstry et al. 2018, "Discovering low-precision networks").
#include <algorithm>

#include "quantize/chooser.h"

namespace mo::quantize {

namespace {

Range choose(const Statistics& s, const Grid&, const ChooserOptions& o) {
  require(o.percentile > 50 && o.percentile <= 100, Code::invalid_argument, "percentile must be above 50 and at most 100, got ", o.percentile);
  if (s.count == 0) return {};
  double outside = (1 - o.percentile / 100) * static_cast<double>(s.count), width = 2 * s.span / k_bins;
  auto edge = [&](bool from_above) {
    double passed = 0;
    for (int64_t k = 0; k < k_bins; ++k) {
      int64_t b = from_above ? k_bins - 1 - k : k;
      double n = static_cast<double>(s.bins[static_cast<size_t>(b)]);
      if (passed + n > outside) {  // the edge lies inside this bin: counts are taken as even within it
        double part = n > 0 ? (outside - passed) / n : 0, left = static_cast<double>(b) * width - s.span;
        return from_above ? left + width * (1 - part) : left + width * part;
      }
      passed += n;
    }
    return 0.0;
  };
  return {std::max(s.min, static_cast<float>(edge(false))), std::min(s.max, static_cast<float>(edge(true)))};
}

}  // namespace

extern const ChooserDef choose_percentile{"percentile", "the range that holds all but 100 - calibration.percentile percent of the values at each end",
                                          choose};

}  // namespace mo::quantize
