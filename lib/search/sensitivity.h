// Sensitivity: what becomes of the model's outputs when one unit alone is quantized.
#pragma once
#include "runtime/session.h"
#include "search/judge.h"
#include "search/space.h"

namespace mo::search {

struct Sensitivity {
  size_t unit = 0;
  int precision = 0;                      // into Space::precisions()
  double snr_db = 0, cosine = 1, kl = 0;  // of the outputs against the float form; kl NaN where no output holds scores
  double metric_drop = 0;                 // by the judge; NaN when not asked for
  double harm = 0;                        // what units are ordered by, larger is worse; harms of different units add up
};

struct SensitivityOptions {
  std::string measure = "snr";  // snr, cosine, kl, metric
  int threads = 1;
  std::string cache;           // a file to keep results in and to go on from; none: ""
  std::function<bool()> stop;  // asked between rows; true: the rows so far are the result
  std::string cache_key;       // of everything the results depend on beside units and precisions
};

// One row per unit and precision, in that order. The samples are run once per row; the outputs of the float form once in all.
// float_score: of the float form, for the measure "metric". A cancelled call leaves what it found in the cache.
std::vector<Sensitivity> sensitivity(const Space& space, const std::vector<runtime::Named>& samples, const Judge* judge, double float_score,
                                     const SensitivityOptions& options, Control* control);

// Units from the most harmful to the least at `precision`.
std::vector<size_t> by_harm(const std::vector<Sensitivity>& rows, int precision);

}  // namespace mo::search
