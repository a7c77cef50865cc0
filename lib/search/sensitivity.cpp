// The loop over units, and the file that remembers.
#include "search/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/distance.h"
#include "search/sensitivity_cache.h"

namespace mo::search {

namespace {

double harm_of(const std::string& measure, const OutputDistance& d, double metric_drop) {
  if (measure == "metric") return metric_drop;
  if (measure == "cosine") return 1 - d.cosine();
  if (measure == "kl") return d.kl();
  return d.noise();  // independent errors: powers add
}

}  // namespace

std::vector<Sensitivity> sensitivity(const Space& space, const std::vector<runtime::Named>& samples, const Judge* judge, double float_score,
                                     const SensitivityOptions& options, Control* control) {
  require(!samples.empty(), Code::invalid_argument, "sensitivity needs at least one sample");
  bool scored = options.measure == "metric";
  require(!scored || (judge && *judge), Code::invalid_argument, "sensitivity by metric needs a metric");
  SensitivityCache cache(options.cache, options.cache_key);
  runtime::SessionOptions session;
  session.threads = options.threads;
  std::vector<runtime::Named> expected;
  auto run_float = [&] {
    runtime::Session reference(space.base(), session);
    for (const runtime::Named& inputs : samples) expected.push_back(reference.run(inputs, {control, {}}));
  };
  std::vector<Sensitivity> rows;
  int precisions = static_cast<int>(space.precisions().size());
  int64_t done = 0, total = static_cast<int64_t>(space.units().size()) * (precisions - 1);
  for (size_t u = 0; u < space.units().size(); ++u)
    for (int p = 1; p < precisions; ++p) {
      if (options.stop && options.stop()) return rows;
      Sensitivity row{u, p, 0, 1, 0, std::numeric_limits<double>::quiet_NaN(), 0};
      const std::string key = space.units()[u].name + "\n" + space.precisions()[static_cast<size_t>(p)];
      if (!cache.find(key, row)) {
        if (expected.empty()) run_float();
        Assignment alone = space.all(0);
        alone[u] = p;
        OutputDistance distance;
        graph::Model variant = space.build(alone, control).model;
        {
          runtime::Session candidate(variant, session);
          for (size_t k = 0; k < samples.size(); ++k) distance.add(expected[k], candidate.run(samples[k], {control, {}}));
        }
        row.snr_db = distance.snr_db(), row.cosine = distance.cosine(), row.kl = distance.kl();
        if (scored) row.metric_drop = drop(*judge, float_score, judge->score(variant));
        row.harm = harm_of(options.measure, distance, row.metric_drop);
        require(!std::isnan(row.harm), Code::invalid_argument, "sensitivity by ", options.measure, ": no output of this model has it");
        cache.add(key, row);
      }
      rows.push_back(row);
      progress(control, "sensitivity", ++done, total);
    }
  return rows;
}

std::vector<size_t> by_harm(const std::vector<Sensitivity>& rows, int precision) {
  std::vector<const Sensitivity*> list;
  for (const Sensitivity& r : rows)
    if (r.precision == precision) list.push_back(&r);
  // equal harm (a metric of few samples has few values): the lower signal to noise first
  std::stable_sort(list.begin(), list.end(), [](auto* a, auto* b) { return a->harm != b->harm ? a->harm > b->harm : a->snr_db < b->snr_db; });
  std::vector<size_t> order;
  for (const Sensitivity* r : list) order.push_back(r->unit);
  return order;
}

}  // namespace mo::search
