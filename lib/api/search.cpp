// mo_quantize_to_goal and mo_sensitivity: searches over what mo_quantize does in one go.
#include "search/search.h"

#include <cmath>

#include "api/calibration.h"
#include "api/control.h"
#include "api/judge.h"
#include "api/measure.h"
#include "api/quantize.h"
#include "api/report.h"
#include "base/hash.h"

using namespace mo;
using namespace mo::api;

namespace {

// The objects that one call uses alone, for as long as it runs.
struct Arguments {
  Arguments(const mo_model* model, const mo_calibration* calibration, mo_dataset* dataset, const mo_options* quantize, const mo_options* options,
            const char* operation, mo_control* control)
      : m(checked(model, "model")),
        c(calibration ? &checked(calibration, "calibration") : nullptr),
        d(dataset ? &checked(dataset, "dataset") : nullptr),
        q(options_for(quantize, "quantize")),
        o(options_for(options, operation)),
        watch(control_or_null(control)) {
    if (c) calibration_turn.emplace(c->taken, "calibration");
    if (d) dataset_turn.emplace(d->taken, "dataset");
  }

  const quantize::Calibration* statistics() const { return c ? c->calibration.get() : nullptr; }
  data::Dataset* data() const { return d ? d->dataset.get() : nullptr; }
  std::vector<runtime::Named> samples() const {
    return search_samples(m.model.graph, data(), c ? &c->calibration->kept_inputs() : nullptr, o.integer("sensitivity.samples"));
  }

  const mo_model& m;
  const mo_calibration* c;
  mo_dataset* d;
  OptionSet q, o;
  Control* watch;
  std::optional<Turn> calibration_turn, dataset_turn;
};

search::SpaceOptions space_of(const OptionSet& o) {
  search::SpaceOptions s;
  s.precisions = o.list("precisions");
  s.blocks = o.text("unit") == "block";
  return s;
}

// Everything the figures depend on: the model, how it is quantized, on which statistics, and what is run.
std::string cache_key(const Arguments& a, const std::vector<runtime::Named>& samples) {
  Sha256 hash;
  auto add = [&](std::string_view s) { hash.update_int(static_cast<int64_t>(s.size())), hash.update(s); };
  add(a.m.saved().digest);
  add(a.q.json());
  for (const char* key : {"sensitivity.measure", "metric", "metric_output", "unit"}) add(a.o.text(key));
  if (a.c)
    for (const auto& [name, s] : a.statistics()->statistics())
      add(name), hash.update(&s.min, sizeof s.min), hash.update(&s.max, sizeof s.max), hash.update(&s.sum, sizeof s.sum);
  for (const runtime::Named& sample : samples)
    for (const auto& [name, d] : sample) {
      add(name);
      if (d.is_tensor() && d.tensor.dtype() != DType::string) hash.update(d.tensor.raw(), static_cast<size_t>(d.tensor.bytes()));
    }
  return hex(hash.finish());
}

search::SensitivityOptions sensitivity_of(const Arguments& a, const std::vector<runtime::Named>& samples) {
  search::SensitivityOptions s;
  s.measure = a.o.text("sensitivity.measure");
  s.threads = static_cast<int>(a.o.integer("threads"));
  s.cache = a.o.text("sensitivity.cache");
  if (!s.cache.empty()) s.cache_key = cache_key(a, samples);
  return s;
}

search::Goal goal_of(const Arguments& a, const std::vector<runtime::Named>& samples) {
  const OptionSet& o = a.o;
  search::Goal g;
  g.max_drop = o.real_or_none("max_drop");
  g.relative = o.text("drop") == "relative";
  g.max_bytes = o.real_or_none("max_bytes");
  g.max_ms = o.real_or_none("max_ms");
  g.max_size_ratio = o.real_or_none("max_size_ratio");
  g.max_latency_ratio = o.real_or_none("max_latency_ratio");
  g.minimize = o.text("minimize");
  g.trim = o.flag("trim");
  g.keep_slower = o.flag("keep_slower");
  g.max_evaluations = o.integer("max_evaluations");
  g.time_limit = o.real("time_limit");
  g.space = space_of(o);
  g.sensitivity = sensitivity_of(a, samples);
  g.timing.threads = static_cast<int>(o.integer("timing.threads"));
  g.timing.seconds = o.real("timing.seconds");
  return g;
}

}  // namespace

mo_error* mo_quantize_to_goal(const mo_model* model, const mo_calibration* calibration, mo_dataset* dataset, mo_metric_fn metric, void* user,
                              const mo_options* quantize, const mo_options* goal, mo_control* control, mo_model** out, mo_report** report) {
  return guard([&] {
    if (report) *report = nullptr;
    mo_model*& result = output(out, "out");
    Arguments a(model, calibration, dataset, quantize, goal, "goal", control);
    std::vector<runtime::Named> samples = a.samples();
    std::vector<Datum> inputs = timing_inputs(a.m.model.graph, samples, a.o.list("timing.shapes"));
    search::Goal wanted = goal_of(a, samples);
    require(a.q.text("scheme").empty(), Code::invalid_argument, "a scheme to follow leaves nothing to search for");
    search::Judge judge = judge_of(metric, user, a.data(), a.o, a.watch);
    if (!wanted.max_drop && !metric && wanted.sensitivity.measure != "metric") judge = {};  // data without a limit: for sensitivities alone
    search::Outcome found = search::run(a.m.model, a.statistics(), quantizer_options(a.q), wanted, judge, samples, inputs, a.watch);
    save_scheme(found.result.scheme, a.q);
    auto after = std::make_unique<mo_model>(found.result.model);
    if (report) *report = new mo_report(report_of_search(a.m, *after, found, a.c, a.q, a.watch));
    result = after.release();
  });
}

mo_error* mo_sensitivity(const mo_model* model, const mo_calibration* calibration, mo_dataset* dataset, mo_metric_fn metric, void* user,
                         const mo_options* quantize, const mo_options* options, mo_control* control, mo_report** report) {
  return guard([&] {
    mo_report*& result = output(report, "report");
    Arguments a(model, calibration, dataset, quantize, options, "sensitivity", control);
    auto start = std::chrono::steady_clock::now();
    std::vector<runtime::Named> samples = a.samples();
    search::Judge judge = judge_of(metric, user, a.data(), a.o, a.watch);
    search::Space space(a.m.model, a.statistics(), quantizer_options(a.q), space_of(a.o), a.watch);
    report::SensitivityFacts facts;
    facts.model = side_of(a.m);
    facts.measure = a.o.text("sensitivity.measure"), facts.metric = judge.name;
    if (facts.measure == "metric") {
      require(static_cast<bool>(judge), Code::invalid_argument, "sensitivity by metric needs a data set with the truth, or a callback");
      facts.float_score = judge.score(space.base());
    }
    facts.rows = search::sensitivity(space, samples, &judge, facts.float_score.value_or(0), sensitivity_of(a, samples), a.watch);
    facts.space = &space;
    for (const runtime::Named& s : samples)
      facts.samples += s.empty() || !s.begin()->second.is_tensor() || s.begin()->second.tensor.rank() == 0 ? 1 : s.begin()->second.tensor.dim(0);
    facts.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    facts.options = a.o.json();
    result = new mo_report(report::sensitivity_report(facts));
  });
}
