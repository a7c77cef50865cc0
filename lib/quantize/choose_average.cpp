// The mean of each feed's extremes instead of the extremes of all: one wild sample moves the range a little (a moving average in which every
// feed weighs the same, so that merged statistics equal those of one run). Where no feed is wild, feeds that merely differ are not clipped to their mean
// at the price of a larger squared error.
#include "quantize/chooser.h"

namespace mo::quantize {

namespace {

Range choose(const Statistics& s, const Grid& grid, const ChooserOptions&) {
  if (s.feeds == 0) return {s.min, s.max};
  auto n = static_cast<double>(s.feeds);
  return no_worse_than_all(s, {static_cast<float>(s.sum_of_mins / n), static_cast<float>(s.sum_of_maxs / n)}, grid, k_wild);
}

}  // namespace

extern const ChooserDef choose_average{"average", "the mean of the lowest and of the highest values of the feeds", choose};

}  // namespace mo::quantize
