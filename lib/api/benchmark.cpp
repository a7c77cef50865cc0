// mo_benchmark and mo_evaluate.
#include "api/control.h"
#include "api/dataset.h"
#include "api/measure.h"
#include "api/report.h"
#include "api/tensor.h"

using namespace mo;
using namespace mo::api;

namespace {

// The caller's tensors in the order of the model's inputs.
std::vector<Datum> positional(const mo_tensors& tensors, const mo_model& model) {
  std::vector<Datum> data;
  size_t used = 0;
  for (const auto& port : model.inputs) {
    const Tensor* t = tensors.find(port->name);
    require(t != nullptr || port->optional, Code::not_found, "input ", printable(port->name), " is missing");
    data.push_back(t ? Datum(*t) : Datum());
    used += t != nullptr;
  }
  require(used == tensors.entries.size(), Code::not_found, "inputs holds a tensor that is no input of the model");
  return data;
}

}  // namespace

mo_error* mo_benchmark(const mo_model* model, const mo_tensors* inputs, const mo_options* options, mo_control* control, mo_report** report) {
  return guard([&] {
    mo_report*& result = output(report, "report");
    const mo_model& m = checked(model, "model");
    OptionSet o = options_for(options, "benchmark");
    std::vector<Datum> given;
    if (inputs) given = positional(checked(inputs, "inputs"), m);
    LatencyWish wish;
    wish.threads = static_cast<int>(o.integer("threads"));
    wish.bf16 = o.text("precision") == "bf16";
    wish.seconds = o.real("seconds");
    wish.shapes = o.list("shapes");
    wish.batch = o.integer("batch");
    wish.seed = static_cast<uint64_t>(o.integer("seed"));
    wish.runs = o.integer("runs");
    wish.warmup = o.integer("warmup");
    report::BenchmarkFacts facts;
    facts.model.digest = m.saved().digest;
    facts.model.load_ms = m.load_ms;
    facts.options = o.json();
    measure_latency(facts.model, m, wish, given, control_or_null(control));
    result = new mo_report(report::benchmark_report(facts));
  });
}

mo_error* mo_evaluate(const mo_model* model, mo_dataset* dataset, const mo_options* options, mo_control* control, mo_report** report) {
  return guard([&] {
    mo_report*& result = output(report, "report");
    const mo_model& m = checked(model, "model");
    mo_dataset& d = checked(dataset, "dataset");
    OptionSet o = options_for(options, "evaluate");
    Control* watch = control_or_null(control);
    Turn turn(d.taken, "dataset");
    report::EvaluationFacts facts;
    facts.model.digest = m.saved().digest;
    facts.options = o.json();
    measure_metric(facts.model, m, *d.dataset, o.text("metric"), o.text("output"), static_cast<int>(o.integer("threads")), watch, true);
    data::Evaluation& e = *facts.model.metric;
    e.interval = data::bootstrap(data::metric(e.metric), e.each, bootstrap_of(o), watch);
    double value = e.value;
    if (auto limit = o.real_or_none("minimum")) facts.gates.push_back({o.text("metric"), value, *limit, true});
    if (auto limit = o.real_or_none("maximum")) facts.gates.push_back({o.text("metric"), value, *limit, false});
    result = new mo_report(report::evaluation_report(facts));
  });
}
