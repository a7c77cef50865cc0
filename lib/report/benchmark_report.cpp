// Reports of a benchmark and of an evaluation, and the gates that reports carry.
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/json.h"
#include "report/table.h"

namespace mo::report {

bool Gate::passed() const { return at_least ? value >= limit : value <= limit; }

bool all_passed(const std::vector<Gate>& gates) {
  for (const Gate& g : gates)
    if (!g.passed()) return false;
  return true;
}

Report benchmark_report(const BenchmarkFacts& facts) {
  const runtime::BenchmarkResult& r = *facts.model.latency;
  Report report;
  Json j = json_of(r, facts.model.load_ms);
  if (facts.model.memory)
    j["memory"] = {{"arena_bytes", facts.model.memory->arena_bytes},
                   {"packed_bytes", facts.model.memory->packed_bytes},
                   {"weight_bytes", facts.model.memory->weight_bytes}};
  j["model"] = facts.model.digest;
  j["options"] = options_json(facts.options);
  report.json = dump(j);
  auto ms = [](double v) { return significant(v, 4) + " ms"; };
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& [name, type] : r.inputs) lines.emplace_back("input " + printable(name, 60), type);
  lines.insert(lines.end(), {{"threads", std::to_string(r.threads)},
                             {"runs", std::to_string(r.iterations)},
                             {"median", ms(r.median_ms)},
                             {"fastest", ms(r.min_ms)},
                             {"90 % within", ms(r.p90_ms)},
                             {"99 % within", ms(r.p99_ms)},
                             {"throughput", significant(r.throughput, 4) + " samples/s"},
                             {"first run", ms(r.first_ms)},
                             {"load", ms(facts.model.load_ms + r.session_ms)},
                             {"peak memory", fixed(r.peak_rss_mb, 1) + " MB"}});
  report.text = pairs(lines);
  return report;
}

Report evaluation_report(const EvaluationFacts& facts) {
  const data::Evaluation& e = *facts.model.metric;
  Report report;
  Json j = json_of(e);
  j["samples_per_second"] = number(e.seconds > 0 ? static_cast<double>(e.samples) / e.seconds : NAN);
  j["model"] = facts.model.digest;
  j["options"] = options_json(facts.options);
  j["gates"] = json_of(facts.gates);
  report.passed = all_passed(facts.gates);
  j["passed"] = report.passed;
  report.json = dump(j);
  report.text = text(e.metric, " ", significant(e.value, 6), " on ", e.samples, " samples (", significant(e.seconds, 3), " s)\n");
  if (e.interval)
    report.text += text(percent(e.interval->confidence), " interval ", significant(e.interval->low, 6), " to ", significant(e.interval->high, 6),
                        " (bootstrap over ", e.interval->samples, " samples, ", e.interval->resamples, " resamples)\n");
  for (const Gate& g : facts.gates)
    report.text += text(g.passed() ? "met: " : "NOT MET: ", g.name, ": ", significant(g.value, 6), ", wanted ", g.at_least ? "at least " : "at most ",
                        significant(g.limit, 6), "\n");
  return report;
}

}  // namespace mo::report
