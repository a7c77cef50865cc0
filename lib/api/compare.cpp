// mo_compare: size, latency, memory, metric and errors of two models.
#include <algorithm>
#include <cmath>

#include "api/control.h"
#include "api/dataset.h"
#include "api/measure.h"
#include "api/report.h"
#include "data/bind.h"
#include "runtime/compare.h"

using namespace mo;
using namespace mo::api;

namespace {

std::vector<runtime::Port> ports(const mo_model& m) {
  std::vector<runtime::Port> found;
  for (graph::ValueId id : m.model.graph.inputs) {
    const graph::Value& v = m.model.graph.value(id);
    found.push_back({v.name, v.type, v.is_constant()});
  }
  return found;
}

runtime::CompareResult errors_on(const mo_model& a, const mo_model& b, data::Dataset& dataset, const OptionSet& o, Control* control) {
  runtime::CompareOptions c;
  c.inner_values = o.flag("node_errors");
  c.threads = static_cast<int>(o.integer("threads"));
  runtime::Comparer comparer(a.model.graph, b.model.graph, c);
  std::vector<runtime::Port> inputs = ports(a);
  int64_t wanted = o.integer("node_samples");
  dataset.rewind();
  for (int64_t i = 0; i < wanted; ++i) {
    std::optional<data::Batch> batch = dataset.next();
    if (!batch) break;
    comparer.feed(data::bind_inputs(*batch, inputs), control);
    progress(control, "compare", i + 1, wanted);
  }
  dataset.rewind();
  return comparer.result();
}

// The metric to use, "" for none.
std::string metric_for(const OptionSet& o, data::Dataset& dataset) {
  std::string metric = o.text("metric");
  if (!metric.empty()) return metric;
  dataset.rewind();
  std::optional<data::Batch> first = dataset.next();
  dataset.rewind();
  bool classes = first && !first->label.empty() && is_integer(first->label.dtype()) && first->label.size() == first->count;
  return classes ? "top1" : "";
}

double worst_snr(const runtime::CompareResult& errors) {
  double worst = INFINITY;
  for (const auto& e : errors.outputs) worst = std::min(worst, e.snr_db);
  return worst;
}

std::vector<report::Gate> gates_of(const OptionSet& o, const report::ComparisonFacts& f) {
  std::vector<report::Gate> gates;
  auto wanted = [&](bool there, const char* key, const char* what) { require(there, Code::invalid_argument, "option ", key, " needs ", what); };
  if (auto limit = o.real_or_none("max_metric_loss")) {
    wanted(f.a.metric.has_value(), "max_metric_loss", "a data set with labels");
    double change = f.b.metric->value - f.a.metric->value;
    gates.push_back({"metric loss", f.a.metric->higher_is_better ? -change : change, *limit, false});
  }
  if (auto limit = o.real_or_none("max_size_ratio")) {
    double a = static_cast<double>(std::max<int64_t>(f.a.summary.parameter_bytes, 1)), b = static_cast<double>(f.b.summary.parameter_bytes);
    gates.push_back({"size ratio", b / a, *limit, false});
  }
  if (auto limit = o.real_or_none("max_latency_ratio")) {
    wanted(f.a.latency.has_value(), "max_latency_ratio", "seconds above 0");
    gates.push_back({"latency ratio", f.b.latency->median_ms / f.a.latency->median_ms, *limit, false});
  }
  if (auto limit = o.real_or_none("min_snr_db")) {
    wanted(f.errors.has_value(), "min_snr_db", "a data set");
    gates.push_back({"signal to noise in dB", worst_snr(*f.errors), *limit, true});
  }
  return gates;
}

}  // namespace

mo_error* mo_compare(const mo_model* a, const mo_model* b, mo_dataset* dataset, const mo_options* options, mo_control* control, mo_report** report) {
  return guard([&] {
    mo_report*& result = output(report, "report");
    const mo_model& first = checked(a, "a");
    const mo_model& second = checked(b, "b");
    mo_dataset* d = dataset ? &checked(dataset, "dataset") : nullptr;
    OptionSet o = options_for(options, "compare");
    Control* watch = control_or_null(control);
    report::ComparisonFacts facts;
    facts.a = side_of(first);
    facts.b = side_of(second);
    facts.options = o.json();
    int threads = static_cast<int>(o.integer("threads"));
    if (o.real("seconds") > 0) {
      LatencyWish wish;
      wish.threads = threads;
      wish.seconds = o.real("seconds");
      wish.shapes = o.list("shapes");
      measure_latency(facts.a, first, wish, {}, watch);
      measure_latency(facts.b, second, wish, {}, watch);
    }
    if (d) {
      Turn turn(d->taken, "dataset");
      facts.errors = errors_on(first, second, *d->dataset, o, watch);
      if (std::string metric = metric_for(o, *d->dataset); !metric.empty()) {
        measure_metric(facts.a, first, *d->dataset, metric, o.text("output"), threads, watch, true);
        measure_metric(facts.b, second, *d->dataset, metric, o.text("output"), threads, watch, true);
        facts.change = data::paired_bootstrap(data::metric(metric), facts.a.metric->each, facts.b.metric->each, bootstrap_of(o), watch);
      }
    }
    facts.gates = gates_of(o, facts);
    result = new mo_report(report::comparison_report(facts));
  });
}
