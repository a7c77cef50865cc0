// mo_quantize: options to the quantizer, its result to a model and a report.
#include "api/quantize.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "api/calibration.h"
#include "api/control.h"
#include "api/measure.h"
#include "api/report.h"
#include "base/cpu.h"
#include "base/file.h"
#include "runtime/compare.h"

using namespace mo;
using namespace mo::api;

namespace {

quantize::Scheme scheme_at(const OptionSet& o, const char* key) {
  std::vector<char> bytes = read_file(o.text(key), int64_t{1} << 30);
  return quantize::scheme_from_json({bytes.data(), bytes.size()}, o.text(key));
}

quantize::Options quantize_options(const OptionSet& o) {
  quantize::Options q;
  if (!o.text("overrides").empty()) q.overrides = scheme_at(o, "overrides");
  q.mode = o.text("mode");
  q.precision = o.text("precision");
  q.calibration_method = o.text("calibration.method");
  q.chooser.percentile = o.real("calibration.percentile");
  q.granularity = o.text("granularity");
  q.block_size = o.integer("block_size");
  q.weight_range = o.text("weight_range");
  q.rounding = o.text("rounding");
  q.corrections = o.list("corrections");
  q.activation_type = o.text("activation_type");
  q.activation_scale = o.text("activation_scale");
  q.activation_symmetric = o.flag("activation_symmetric");
  if (o.is_set("weight_symmetric")) q.weight_symmetric = o.flag("weight_symmetric");
  q.last_product = o.text("last_product");
  q.small_weights = o.text("small_weights");
  q.rounding_inputs = o.text("rounding_inputs");
  q.reduce_range = o.flag("reduce_range");
  q.attention = o.flag("attention");
  q.backend = o.text("backend");
  q.format = o.text("format");
  q.integer_io = o.text("integer_io");
  q.include = o.list("include");
  q.exclude = o.list("exclude");
  q.op_types = o.list("op_types");
  q.fold_batch_norm = o.flag("fold_batch_norm");
  q.threads = static_cast<int>(o.integer("threads"));
  return q;
}

// Metric of both models on the data set that the options name.
void measure_on_data(report::QuantizationFacts& facts, const mo_model& before, const mo_model& after, const OptionSet& o, Control* control) {
  std::string path = o.text("report.data");
  if (path.empty()) return;
  data::OpenOptions d;
  d.batch_size = o.integer("report.batch_size");
  d.skip = o.integer("report.skip");
  d.limit = o.integer("report.samples");
  auto dataset = data::open(path, d);
  int threads = static_cast<int>(o.integer("threads"));
  measure_metric(facts.before, before, *dataset, o.text("report.metric"), "", threads, control);
  measure_metric(facts.after, after, *dataset, o.text("report.metric"), "", threads, control);
}

// The error at each node, on the inputs that the calibration kept.
void measure_nodes(report::QuantizationFacts& facts, const mo_model& before, const mo_model& after, const quantize::Calibration& calibration,
                   int threads, Control* control) {
  runtime::CompareOptions c;
  c.threads = threads;
  runtime::Comparer comparer(before.model.graph, after.model.graph, c);
  constexpr size_t k_feeds = 4;
  const auto& kept = calibration.kept_inputs();
  for (size_t i = 0; i < std::min(kept.size(), k_feeds); ++i) comparer.feed(kept[i], control);
  runtime::CompareResult result = comparer.result();
  std::map<std::string_view, const runtime::ValueError*> by_node, by_value;
  for (const auto* list : {&result.outputs, &result.values})
    for (const runtime::ValueError& e : *list) {
      by_value[e.name] = &e;
      if (!e.node.empty()) by_node[e.node] = &e;
    }
  for (quantize::NodeOutcome& n : facts.nodes) {
    auto it = by_value.find(n.value), end = by_value.end();
    if (it == end) it = by_node.find(n.node), end = by_node.end();
    if (it != end) n.snr_db = it->second->snr_db, n.cosine = it->second->cosine;
  }
  facts.outputs = std::move(result.outputs);
}

report::Report make_report(const mo_model& before, const mo_model& after, const quantize::Result& made, const mo_calibration* calibration,
                           const OptionSet& o, double seconds, Control* control, const search::Outcome* found = nullptr) {
  report::QuantizationFacts facts;
  facts.before = side_of(before);
  facts.after = side_of(after);
  facts.nodes = made.nodes;
  facts.quantized_weights = made.quantized_weights;
  facts.quantized_activations = made.quantized_activations;
  facts.calibration_samples = calibration ? calibration->calibration->samples() : 0;
  facts.warnings = made.warnings;
  facts.seconds = seconds;
  facts.seed = static_cast<uint64_t>(o.integer("seed"));
  facts.options = o.json();
  facts.search = found;
  if (o.flag("report.latency")) {
    LatencyWish wish;
    wish.threads = static_cast<int>(o.integer("report.threads"));
    wish.seconds = o.real("report.seconds");
    wish.shapes = o.list("report.shapes");
    wish.seed = facts.seed;
    measure_latency(facts.before, before, wish, {}, control);
    measure_latency(facts.after, after, wish, {}, control);
  }
  if (calibration && o.flag("report.node_errors"))
    measure_nodes(facts, before, after, *calibration->calibration, static_cast<int>(o.integer("threads")), control);
  measure_on_data(facts, before, after, o, control);
  return report::quantization_report(facts);
}

}  // namespace

namespace mo::api {
quantize::Options quantizer_options(const OptionSet& o) { return quantize_options(o); }
void save_scheme(const quantize::Scheme& scheme, const OptionSet& o) {
  if (!o.text("save_scheme").empty()) write_file(o.text("save_scheme"), quantize::to_json(scheme));
}
report::Report report_of_search(const mo_model& before, const mo_model& after, const search::Outcome& found, const mo_calibration* calibration,
                                const OptionSet& o, Control* control) {
  return make_report(before, after, found.result, calibration, o, found.seconds, control, &found);
}
}  // namespace mo::api

mo_error* mo_quantize(const mo_model* model, const mo_calibration* calibration, const mo_options* options, mo_control* control, mo_model** out,
                      mo_report** report) {
  return guard([&] {
    if (report) *report = nullptr;
    mo_model*& result = output(out, "out");
    const mo_model& m = checked(model, "model");
    const mo_calibration* c = calibration ? &checked(calibration, "calibration") : nullptr;
    OptionSet o = options_for(options, "quantize");
    Control* watch = control_or_null(control);
    std::optional<Turn> turn;
    if (c) turn.emplace(c->taken, "calibration");
    auto start = std::chrono::steady_clock::now();
    quantize::Options wishes = quantize_options(o);
    const quantize::Calibration* statistics = c ? c->calibration.get() : nullptr;
    quantize::Result made = o.text("scheme").empty() ? quantize::quantize(m.model, statistics, wishes, watch)
                                                     : quantize::replay(m.model, scheme_at(o, "scheme"), statistics, wishes, watch);
    if (const CpuFeatures here = cpu_detected(); quantize::mixes_signs(wishes) && here.avx2 && !here.avx512_vnni && !here.avx_vnni)
      made.warnings.push_back(
          "this processor has no VNNI: ONNX Runtime and OpenVINO saturate sums of uint8 by int8 products on it and may lose the accuracy that libmo, "
          "which is "
          "exact, reports; reduce_range or precision uint8 avoid that");
    save_scheme(made.scheme, o);
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    auto after = std::make_unique<mo_model>(std::move(made.model));
    if (report) *report = new mo_report(make_report(m, *after, made, c, o, seconds, watch));
    result = after.release();
  });
}
