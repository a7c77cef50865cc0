// Accuracy-aware fallback: as few units as possible go back to float, the most harmful first, until the metric holds.
#pragma once
#include "search/trials.h"

namespace mo::search {

struct Fallback {
  Assignment assignment;
  double score = 0, drop = 0;
  bool met = false;
  size_t prefix = 0;  // how many of the order went back before some were tried as integers again
};

// order: units from the most harmful on. start: where to begin (all quantized). Doubling steps along the order until the metric holds, then
// bisection, then (trim) what went back is tried quantized again in ever smaller groups, while the trials last.
Fallback fall_back(Trials& trials, const Assignment& start, const std::vector<size_t>& order, bool trim);

}  // namespace mo::search
