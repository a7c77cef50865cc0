// Prepare, correct, decide, apply; float16 and bfloat16 go their own way.
#include "quantize/quantize.h"

#include <algorithm>
#include <cmath>

#include "quantize/correct.h"
#include "quantize/decide.h"
#include "quantize/float16.h"
#include "quantize/integer_io.h"
#include "quantize/moments.h"
#include "quantize/place.h"
#include "quantize/prepare.h"
#include "quantize/qoperator.h"
#include "quantize/rewrite.h"
#include "quantize/select.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

void report_nodes(const graph::Graph& g, const Scheme& scheme, Result& result) {
  for (graph::NodeId id : g.order()) {
    const graph::Node& n = g.node(id);
    auto it = scheme.nodes.find(n.name);
    NodeOutcome outcome{n.name, n.domain.empty() ? n.op : n.domain + "." + n.op, false, {}, NAN, NAN, {}};
    if (n.output(0) != graph::k_none) outcome.value = g.value(n.output(0)).name;
    if (it != scheme.nodes.end()) outcome.quantized = it->second.how != "float", outcome.reason = outcome.quantized ? "" : it->second.reason;
    else outcome.reason = "not in the scheme";
    result.nodes.push_back(std::move(outcome));
  }
}

void add(Result& result, Placement done) {
  result.quantized_weights += done.weights;
  result.quantized_activations += done.activations;
  result.warnings.insert(result.warnings.end(), done.warnings.begin(), done.warnings.end());
}

// Second moments for the nodes whose rounding learns from data.
Moments needed_moments(const graph::Graph& g, const Scheme& scheme, const Calibration* calibration, const Options& o, Result& result,
                       Control* control) {
  std::set<std::string> learned;
  for (const auto& [name, form] : scheme.nodes)
    if (form.how != "float" && form.weights && (form.weights->rounding != "nearest" || (form.weights->range == "mse" && form.weights->bits < 8)))
      learned.insert(name);
  bool wanted = std::any_of(scheme.nodes.begin(), scheme.nodes.end(),
                            [](const auto& n) { return n.second.weights && n.second.weights->rounding != "nearest"; });
  if (learned.empty()) return {};
  if (!calibration || calibration->kept_inputs().empty()) {
    if (wanted) result.warnings.push_back("rounding by gptq or adaround learns from samples, and none are at hand: weights were rounded to nearest");
    return {};
  }
  MomentsOptions m;
  m.threads = o.threads;
  return collect_moments(g, learned, calibration->kept_inputs(), m, control);
}

// About their mean: bias correction takes the mean error away, so that rounding need not mind it.
void centre(Moments& moments) {
  for (auto& [name, m] : moments)
    for (size_t g = 0; g < m.gram.size() && m.rows > 0; ++g)
      for (int64_t i = 0; i < m.cols; ++i)
        for (int64_t j = 0; j < m.cols; ++j)
          m.gram[g][static_cast<size_t>(i * m.cols + j)] -=
              static_cast<float>(m.mean[g][static_cast<size_t>(i)] * m.mean[g][static_cast<size_t>(j)] / m.rows);
}

void apply(Result& result, const Scheme& scheme, const Calibration* calibration, const Options& o, Control* control) {
  graph::Graph& g = result.model.graph;
  report_nodes(g, scheme, result);
  Moments moments = needed_moments(g, scheme, calibration, o, result, control);
  std::set<std::string> corrected = to_correct(g, scheme, o);
  std::optional<graph::Graph> before;
  if (!corrected.empty()) before = g, centre(moments);
  bool any_static = std::any_of(scheme.nodes.begin(), scheme.nodes.end(), [](const auto& n) { return n.second.how == "static"; });
  if (any_static) add(result, place(g, scheme, moments));
  add(result, rewrite(g, scheme, moments, o.format == "auto" ? "qdq" : o.format));
  moments.clear();
  if (before) correct_biases(*before, result, corrected, calibration, o, control);
  convert_some(result, scheme);
  if (o.format == "qoperator") to_qoperator(g);
  if (o.integer_io != "none") integer_io(result, o.integer_io);
  result.scheme = scheme;
}

void finish(Result& result) {
  drop_invented_names(result.model.graph);
  result.model.graph.verify();
}

}  // namespace

Result quantize(const graph::Model& model, const Calibration* calibration, const Options& wanted, Control* control) {
  Result result;
  Options o = for_backend(wanted, result);
  result.model = prepare(model, o.fold_batch_norm);
  if (o.precision == "fp16" || o.precision == "bf16") {
    NodeSelector selector(o.include, o.exclude, o.op_types);
    convert_float(result, o.precision == "fp16" ? DType::f16 : DType::bf16, selector, control);
    for (const std::string& entry : selector.unused()) result.warnings.push_back("include/exclude entry '" + printable(entry) + "' matches no node");
  } else {
    if (o.mode == "static")
      require(calibration && calibration->samples() > 0, Code::invalid_argument,
              "static quantization needs calibration data, and no sample was fed (mode dynamic and weight_only need none)");
    std::unique_ptr<Calibration> again;
    std::vector<Rescale> rescales = correct_scales(result, calibration, o, again, control);
    if (again) calibration = again.get();
    Scheme scheme = decide(result.model.graph, calibration, o, result, control);
    scheme.rescales = std::move(rescales);
    apply(result, scheme, calibration, o, control);
  }
  finish(result);
  return result;
}

Result replay(const graph::Model& model, const Scheme& scheme, const Calibration* calibration, const Options& wanted, Control* control) {
  Result result;
  Options o = for_backend(wanted, result);
  result.model = prepare(model, o.fold_batch_norm);
  for (const Rescale& r : scheme.rescales) apply_rescale(result.model.graph, r);
  apply(result, scheme, calibration, o, control);
  finish(result);
  return result;
}

}  // namespace mo::quantize
