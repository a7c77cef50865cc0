// The mean of each feed's extremes instead of the extremes of all: one wild sample moves the range a little (a moving average in which every
// feed weighs the same, so that merged statistics equal those of one run).
#include "quantize/chooser.h"

namespace mo::quantize {

namespace {

Range choose(const Statistics& s, const Grid&, const ChooserOptions&) {
  if (s.feeds == 0) return {s.min, s.max};
  auto n = static_cast<double>(s.feeds);
  return {static_cast<float>(s.sum_of_mins / n), static_cast<float>(s.sum_of_maxs / n)};
}

}  // namespace

extern const ChooserDef choose_average{"average", "the mean of the lowest and of the highest values of the feeds", choose};

}  // namespace mo::quantize
