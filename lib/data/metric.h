// Metrics: how good a model's outputs are against the truth, accumulated batch by batch.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "data/dataset.h"

namespace mo::data {

// What one sample, or many together, adds to a metric: a sum (of hits, errors, likelihoods) and the number of terms in it.
struct Share {
  double sum = 0, weight = 0;
  Share& operator+=(const Share& s) {
    sum += s.sum, weight += s.weight;
    return *this;
  }
};

class Metric {
 public:
  virtual ~Metric() = default;
  // outputs: the model's outputs for a batch, by name. Throws Code::shape / Code::type when they do not fit the metric.
  virtual void add(const std::vector<std::pair<std::string, Tensor>>& outputs, const Batch& batch) = 0;
  int64_t samples = 0;  // judged: labelled positions of class scores, else samples
  Share total;
  bool keep_each = false;   // set before the first batch
  std::vector<Share> each;  // per sample, 16 bytes

 protected:
  // shares: of a batch's samples in their order.
  void count(std::span<const Share> shares) {
    for (const Share& s : shares) total += s;
    if (keep_each) each.insert(each.end(), shares.begin(), shares.end());
  }
};

struct MetricDef {
  const char* name;
  const char* help;  // one sentence
  bool higher_is_better;
  std::unique_ptr<Metric> (*make)(const std::string& output);  // output: the model output judged, "" = the first
  double (*finish)(double mean) = nullptr;                     // of the mean of all terms; none: the mean itself

  double value(const Share& total) const {
    if (total.weight == 0) return 0;
    double mean = total.sum / total.weight;
    return finish ? finish(mean) : mean;
  }
};

std::span<const MetricDef* const> metrics();     // in the order of metrics.inc
const MetricDef& metric(std::string_view name);  // throws Code::invalid_argument naming the nearest

}  // namespace mo::data
