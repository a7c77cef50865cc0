// Rows of the side-by-side table: what both models have, and the ratio or difference.
#include "report/side_by_side.h"

#include <cmath>

#include "report/table.h"

namespace mo::report {

namespace {

std::string ratio(double before, double after) { return before > 0 ? percent(after / before) : ""; }

void latency_rows(Table& t, const Side& a, const Side& b) {
  if (!a.latency || !b.latency) return;
  auto row = [&](const char* name, double x, double y) {
    t.row({name, significant(x, 4) + " ms", significant(y, 4) + " ms", y > 0 ? significant(x / y, 3) + " times as fast" : ""});
  };
  row("latency, median", a.latency->median_ms, b.latency->median_ms);
  row("latency, 90 % within", a.latency->p90_ms, b.latency->p90_ms);
  row("latency, 99 % within", a.latency->p99_ms, b.latency->p99_ms);
}

}  // namespace

std::string side_by_side(const Side& a, const Side& b, const char* a_head, const char* b_head) {
  Table t({"", std::string(a_head) + ">", std::string(b_head) + ">", ""});
  auto bytes = [&](const char* name, double x, double y) {
    if (x > 0 || y > 0) t.row({name, bytes_text(x), bytes_text(y), ratio(x, y)});
  };
  if (a.file_bytes > 0 && b.file_bytes > 0) bytes("file", static_cast<double>(a.file_bytes), static_cast<double>(b.file_bytes));
  bytes("weights", static_cast<double>(a.summary.parameter_bytes), static_cast<double>(b.summary.parameter_bytes));
  t.row({"parameters", count_text(static_cast<double>(a.summary.parameters)), count_text(static_cast<double>(b.summary.parameters)), ""});
  t.row({"multiply-adds", count_text(static_cast<double>(a.summary.macs)), count_text(static_cast<double>(b.summary.macs)), ""});
  latency_rows(t, a, b);
  if (a.memory && b.memory) {
    auto in_use = [](const runtime::Session::Memory& m) { return static_cast<double>(m.arena_bytes + m.packed_bytes + m.weight_bytes); };
    bytes("memory in use", in_use(*a.memory), in_use(*b.memory));
  }
  if (a.metric && b.metric) {
    double change = b.metric->value - a.metric->value;
    t.row({a.metric->metric, significant(a.metric->value, 5), significant(b.metric->value, 5),
           text(change > 0 ? "+" : "", significant(change, 3), " on ", b.metric->samples, " samples")});
  }
  return t.text();
}

std::string gates_text(const std::vector<Gate>& gates) {
  std::string out;
  for (const Gate& g : gates)
    out += text(g.passed() ? "met: " : "NOT MET: ", g.name, ": ", significant(g.value, 6), ", wanted ", g.at_least ? "at least " : "at most ",
                significant(g.limit, 6), "\n");
  return out;
}

}  // namespace mo::report
