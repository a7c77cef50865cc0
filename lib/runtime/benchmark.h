// Benchmark: how long one run takes, how it spreads, what it takes of memory.
#pragma once
#include "runtime/synthetic.h"

namespace mo::runtime {

struct BenchmarkOptions {
  double seconds = 2;      // time to measure for, warm-up apart
  int64_t iterations = 0;  // exactly so many runs instead, when positive
  double warm_up_seconds = 0.2;
  int64_t min_warm_up = 2;  // runs
  int64_t batch = 0;        // for made-up inputs
  Shapes shapes;            // for made-up inputs
  uint64_t seed = 0;
};

struct BenchmarkResult {
  double min_ms = 0, median_ms = 0, mean_ms = 0, p90_ms = 0, p99_ms = 0, max_ms = 0;
  double first_ms = 0;    // the first run: planning and packing included
  double session_ms = 0;  // making the session
  double load_ms = 0;     // reading the model and making the session; reading is for the caller to add
  double throughput = 0;  // items a second: batch / mean
  int64_t batch = 1;      // first axis of the first input
  int64_t iterations = 0;
  double peak_rss_mb = 0;
  int threads = 1;
  std::vector<std::pair<std::string, std::string>> inputs;  // name and "float32[1, 3, 224, 224]"
  std::vector<double> times_ms;                             // every measured run, in order
};

// Runs `session` on `inputs` (made up when empty).
BenchmarkResult benchmark(const Session& session, std::span<const Datum> inputs, const BenchmarkOptions& options = {}, Control* control = nullptr);
// Makes the session too.
BenchmarkResult benchmark(const graph::Graph& graph, const SessionOptions& session_options, std::span<const Datum> inputs,
                          const BenchmarkOptions& options = {}, Control* control = nullptr);

// Value at quantile q (0..1) of sorted values, linear between neighbours.
double quantile(std::span<const double> sorted, double q);

}  // namespace mo::runtime
