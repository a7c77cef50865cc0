// Timing loops.
#include "runtime/benchmark.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/memory.h"

namespace mo::runtime {

namespace {

using Clock = std::chrono::steady_clock;
double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

void summarise(BenchmarkResult& r) {
  std::vector<double> sorted = r.times_ms;
  std::sort(sorted.begin(), sorted.end());
  r.iterations = static_cast<int64_t>(sorted.size());
  r.min_ms = sorted.front();
  r.max_ms = sorted.back();
  r.median_ms = quantile(sorted, 0.5);
  r.p90_ms = quantile(sorted, 0.9);
  r.p99_ms = quantile(sorted, 0.99);
  r.mean_ms = std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size());
  r.throughput = r.mean_ms > 0 ? 1000.0 * static_cast<double>(r.batch) / r.mean_ms : 0;
}

}  // namespace

double quantile(std::span<const double> sorted, double q) {
  require(!sorted.empty() && q >= 0 && q <= 1, Code::invalid_argument, "quantile ", q, " of ", sorted.size(), " values");
  double at = q * static_cast<double>(sorted.size() - 1);
  size_t low = static_cast<size_t>(std::floor(at)), high = static_cast<size_t>(std::ceil(at));
  return sorted[low] + (sorted[high] - sorted[low]) * (at - static_cast<double>(low));
}

BenchmarkResult benchmark(const Session& session, std::span<const Datum> inputs, const BenchmarkOptions& options, Control* control) {
  require(options.seconds > 0 || options.iterations > 0, Code::invalid_argument, "a benchmark needs seconds or iterations above zero");
  std::vector<Datum> made;
  if (inputs.empty() && !session.inputs().empty()) {
    made = synthetic_inputs(session.inputs(), options.shapes, options.batch, options.seed);
    inputs = made;
  }
  BenchmarkResult r;
  r.threads = session.options().threads;
  for (size_t k = 0; k < inputs.size(); ++k)
    if (inputs[k].is_tensor()) r.inputs.emplace_back(session.inputs()[k].name, describe(inputs[k].tensor));
  if (!inputs.empty() && inputs[0].is_tensor() && inputs[0].tensor.rank() > 0) r.batch = inputs[0].tensor.dim(0);

  std::vector<Datum> results(session.outputs().size());
  RunOptions run_options;
  run_options.control = control;
  // Results of foreseen shape are written into the same memory each time; others are dropped before the next run.
  auto once = [&] {
    auto start = Clock::now();
    session.run_into(inputs, results, run_options);
    return ms_since(start);
  };
  r.first_ms = once();
  auto start = Clock::now();
  for (int64_t i = 0; i < options.min_warm_up || ms_since(start) < options.warm_up_seconds * 1000; ++i) {
    progress(control, "warm up", i, 0);
    once();
    if (options.iterations > 0 && i + 1 >= options.min_warm_up && r.first_ms > 1000) break;
  }
  start = Clock::now();
  int64_t last_report = -1;
  while (options.iterations > 0 ? static_cast<int64_t>(r.times_ms.size()) < options.iterations
                                : r.times_ms.empty() || ms_since(start) < options.seconds * 1000) {
    r.times_ms.push_back(once());
    int64_t percent = options.iterations > 0 ? static_cast<int64_t>(r.times_ms.size()) * 100 / options.iterations
                                             : static_cast<int64_t>(ms_since(start) / (options.seconds * 10));
    if (control && percent != last_report) progress(control, "benchmark", last_report = percent, 100);
  }
  summarise(r);
  r.peak_rss_mb = static_cast<double>(peak_rss()) / (1 << 20);
  return r;
}

BenchmarkResult benchmark(const graph::Graph& graph, const SessionOptions& session_options, std::span<const Datum> inputs,
                          const BenchmarkOptions& options, Control* control) {
  auto start = Clock::now();
  Session session(graph, session_options);
  double session_ms = ms_since(start);
  BenchmarkResult r = benchmark(session, inputs, options, control);
  r.session_ms = r.load_ms = session_ms;
  return r;
}

}  // namespace mo::runtime
