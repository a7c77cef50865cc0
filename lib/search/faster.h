// Never slower: units whose integer form does not pay on this machine go back to float.
#pragma once
#include "search/timing.h"

namespace mo::search {

struct UnitTime {
  size_t unit = 0;
  double float_us = 0, quantized_us = 0;
};

struct Faster {
  Assignment assignment;
  std::vector<UnitTime> units;                       // those that were quantized, timed in both forms
  std::vector<size_t> returned;                      // to float
  double float_us = 0, before_us = 0, after_us = 0;  // whole runs: the float form, the given assignment, the result; medians of one race
  bool slower = false;                               // the result is slower than the float form all the same
};

// Times every quantized unit beside its float form, with the cost of changing precision at its borders, and finds the set to give back by a
// minimum cut. The result is kept only when whole runs confirm that it is not slower than what it replaces.
Faster keep_faster(const Space& space, const Assignment& assignment, std::span<const Datum> inputs, const TimingOptions& options, Control* control);

// The cut itself. change_us[k]: of links[k], when its two units have different precisions.
Assignment faster_sides(const Assignment& assignment, const std::vector<double>& float_us, const std::vector<double>& quantized_us,
                        const std::vector<Link>& links, const std::vector<double>& change_us);

}  // namespace mo::search
