// Metrics: how good a model's outputs are against the truth, accumulated batch by batch.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "data/dataset.h"

namespace mo::data {

class Metric {
 public:
  virtual ~Metric() = default;
  // outputs: the model's outputs for a batch, by name. Throws Code::shape / Code::type when they do not fit the metric.
  virtual void add(const std::vector<std::pair<std::string, Tensor>>& outputs, const Batch& batch) = 0;
  virtual double value() const = 0;
  int64_t samples = 0;
};

struct MetricDef {
  const char* name;
  const char* help;  // one sentence
  bool higher_is_better;
  std::unique_ptr<Metric> (*make)(const std::string& output);  // output: the model output judged, "" = the first
};

std::span<const MetricDef* const> metrics();     // in the order of metrics.inc
const MetricDef& metric(std::string_view name);  // throws Code::invalid_argument naming the nearest

}  // namespace mo::data
