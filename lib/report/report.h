// Reports: what an operation did and measured, as JSON for programs and as text for people.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "data/evaluate.h"
#include "quantize/quantize.h"
#include "report/summary.h"
#include "runtime/benchmark.h"
#include "runtime/compare.h"
#include "search/sensitivity.h"

namespace mo::search {
struct Outcome;
}  // namespace mo::search

namespace mo::report {

struct Report {
  std::string json, text;
  bool passed = true;  // every gate was met
};

// A limit that the caller set on a figure.
struct Gate {
  std::string name;
  double value = 0, limit = 0;
  bool at_least = false;  // else at most
  bool passed() const;
};
bool all_passed(const std::vector<Gate>& gates);

// One model as the reports show it; parts that were not measured are empty.
struct Side {
  std::string digest;
  Summary summary;
  int64_t file_bytes = 0;  // as saved with default options, external data included
  double load_ms = 0;      // reading the file; 0: not known
  std::optional<runtime::BenchmarkResult> latency;
  std::optional<runtime::Session::Memory> memory;
  std::optional<data::Evaluation> metric;
};

struct BenchmarkFacts {
  Side model;
  std::string options;  // JSON
};
Report benchmark_report(const BenchmarkFacts& facts);

struct EvaluationFacts {
  Side model;
  std::vector<Gate> gates;
  std::string options;
};
Report evaluation_report(const EvaluationFacts& facts);

struct ComparisonFacts {
  Side a, b;
  std::optional<runtime::CompareResult> errors;
  std::optional<data::Interval> change;  // of the metric, from a to b
  std::vector<Gate> gates;
  std::string options;
};
Report comparison_report(const ComparisonFacts& facts);

struct QuantizationFacts {
  Side before, after;
  std::vector<quantize::NodeOutcome> nodes;
  std::vector<runtime::ValueError> outputs;  // of the model, on the calibration samples kept for it
  int64_t quantized_weights = 0, quantized_activations = 0;
  int64_t calibration_samples = 0;
  std::vector<std::string> warnings;
  double seconds = 0;
  uint64_t seed = 0;
  std::string options;
  const search::Outcome* search = nullptr;  // when the precisions were searched for
};
Report quantization_report(const QuantizationFacts& facts);

struct SensitivityFacts {
  Side model;
  const search::Space* space = nullptr;
  std::vector<search::Sensitivity> rows;
  std::string measure, metric;
  std::optional<double> float_score;
  int64_t samples = 0;
  double seconds = 0;
  std::string options;
};
Report sensitivity_report(const SensitivityFacts& facts);

}  // namespace mo::report
