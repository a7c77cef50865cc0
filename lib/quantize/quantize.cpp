// Prepare, correct, decide, apply; float16 and bfloat16 go their own way.
#include "quantize/quantize.h"

#include <algorithm>
#include <cmath>

#include "quantize/correct.h"
#include "quantize/decide.h"
#include "quantize/float16.h"
#include "quantize/integer_io.h"
#include "quantize/learn.h"
#include "quantize/place.h"
#include "quantize/prepare.h"
#include "quantize/qoperator.h"
#include "quantize/rewrite.h"
#include "quantize/select.h"
#include "quantize/share.h"
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

// Ranges that samples chose become part of the scheme: following it needs no samples then. Codes of learned roundings are too many for that.
void keep_ranges(Scheme& scheme, const Learned& learned) {
  for (const auto& [name, codes] : learned) {
    WeightForm& form = *scheme.nodes.at(name).weights;
    if (form.rounding != "nearest") continue;
    const auto count = static_cast<ptrdiff_t>(form.axis < 0 ? 1 : codes.scale.size());
    form.scale.assign(codes.scale.begin(), codes.scale.begin() + count);
    form.zero_point.clear();
    for (ptrdiff_t i = 0; i < count; ++i) form.zero_point.push_back(static_cast<int32_t>(codes.zero[static_cast<size_t>(i)]));
  }
}

// A shift makes good the error of the codes that it was found for: without those, none.
void drop_orphans(std::set<std::string>& corrected, const Scheme& scheme, const Learned& learned, Result& result) {
  const size_t before = corrected.size();
  std::erase_if(corrected, [&](const std::string& name) {
    const NodeForm& form = scheme.nodes.at(name);
    return !form.bias_shift.empty() && form.weights->rounding != "nearest" && !learned.contains(name);
  });
  if (corrected.size() != before)
    result.warnings.push_back(
        text("the shifts of ", before - corrected.size(), " biases belong to learned roundings that are not made here: left out"));
}

void apply(Result& result, const Scheme& scheme, const Calibration* calibration, const Options& o, Control* control) {
  graph::Graph& g = result.model.graph;
  report_nodes(g, scheme, result);
  result.scheme = scheme;
  std::set<std::string> corrected = to_correct(g, scheme, calibration, o);
  Learned learned = learn(g, scheme, corrected, calibration, o, result, control);
  keep_ranges(result.scheme, learned);
  drop_orphans(corrected, scheme, learned, result);
  std::optional<graph::Graph> before;
  if (!corrected.empty()) before = g;
  bool any_static = std::any_of(scheme.nodes.begin(), scheme.nodes.end(), [](const auto& n) { return n.second.how == "static"; });
  if (any_static) add(result, place(g, scheme, learned));
  add(result, rewrite(g, scheme, learned, o.format == "auto" ? "qdq" : o.format));
  learned.clear();
  if (before) correct_biases(*before, result, corrected, calibration, o, control);
  convert_some(result, scheme);
  if (o.format == "qoperator") to_qoperator(g, o.backend == "onnxruntime");
  share_constants(g, folds_transposes(o));
  if (o.integer_io != "none") integer_io(result, o.integer_io);
}

void finish(Result& result) {
  drop_invented_names(result.model.graph);
  result.model.graph.verify();
}

}  // namespace

Result quantize(const graph::Model& model, const Calibration* calibration, const Options& wanted, Control* control) {
  if (calibration) calibration->rest();
  Result result;
  Options o = for_backend(wanted, calibration && !calibration->kept_inputs().empty(), result);
  result.model = prepare(model, o.fold_batch_norm);
  if (o.precision == "fp16" || o.precision == "bf16") {
    NodeSelector selector(o.include, o.exclude, o.op_types);
    convert_float(
        result, o.precision == "fp16" ? DType::f16 : DType::bf16, [&](const graph::Node& n) { return selector.refuse(n); }, control);
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
    for (auto& [name, form] : scheme.nodes) form.bias_shift.clear();  // an override's was found for other weights
    apply(result, scheme, calibration, o, control);
  }
  finish(result);
  return result;
}

Result replay(const graph::Model& model, const Scheme& scheme, const Calibration* calibration, const Options& wanted, Control* control) {
  if (calibration) calibration->rest();
  Result result;
  Options o = for_backend(wanted, calibration && !calibration->kept_inputs().empty(), result);
  result.model = prepare(model, o.fold_batch_norm);
  for (const Rescale& r : scheme.rescales) apply_rescale(result.model.graph, r);
  apply(result, scheme, calibration, o, control);
  finish(result);
  return result;
}

}  // namespace mo::quantize
