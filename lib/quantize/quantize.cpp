// Static int8: choose points, choose scales, place Q/DQ; float16 and bfloat16 go their own way.
#include "quantize/quantize.h"

#include <algorithm>
#include <cmath>

#include "quantize/float16.h"
#include "quantize/place.h"
#include "quantize/prepare.h"
#include "quantize/select.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

void check(const Options& o) {
  auto one_of = [](const char* key, const std::string& value, std::vector<std::string> choices) {
    require(std::find(choices.begin(), choices.end(), value) != choices.end(), Code::invalid_argument, key, " must be one of ", join(choices, ", "), "; got '", printable(value), "'");
  };
  one_of("precision", o.precision, {"int8", "fp16", "bf16"});
  one_of("granularity", o.granularity, {"per_channel", "per_tensor"});
  one_of("activation_type", o.activation_type, {"uint8", "int8"});
}

// Points whose values all have statistics: what calibration never reached stays in float.
Points reached_points(const graph::Graph& g, const NodeSelector& selector, const Calibration& calibration) {
  auto reached = [&](graph::ValueId v) {
    auto it = calibration.statistics().find(g.value(v).name);
    return it != calibration.statistics().end() && it->second.count > 0;
  };
  std::set<std::string> refused;  // value names without data
  while (true) {
    Points p = choose_points(g, [&](const graph::Node& n) -> std::string {
      if (std::string why = selector.refuse(n); !why.empty()) return why;
      for (graph::ValueId v : n.inputs)
        if (v != graph::k_none && refused.contains(g.value(v).name)) return "calibration saw no finite data for input '" + printable(g.value(v).name) + "'";
      return "";
    });
    size_t before = refused.size();
    for (graph::ValueId v : p.values)
      if (!reached(v)) refused.insert(g.value(v).name);
    if (refused.size() == before) return p;
  }
}

std::map<graph::ValueId, Scale> choose_scales(const graph::Graph& g, const Points& points, const Calibration& calibration, const Options& o, Result& result, Control* control) {
  const ChooserDef& how = chooser(o.calibration_method);
  Grid grid{o.activation_type == "int8" ? DType::i8 : DType::u8, o.activation_symmetric};
  std::map<graph::ValueId, Scale> scales;
  int64_t done = 0;
  for (graph::ValueId v : points.values) {
    const std::string& name = g.value(v).name;
    const Statistics& s = calibration.statistics().find(name)->second;
    scales[v] = scale_of(how.choose(s, grid, o.chooser), grid);
    if (s.non_finite > 0) result.warnings.push_back(text("value '", printable(name), "': ", s.non_finite, " NaN or infinite numbers were left out of its range"));
    if (s.min == 0 && s.max == 0) result.warnings.push_back(text("value '", printable(name), "' was zero in every calibration sample"));
    progress(control, "choose scales", ++done, static_cast<int64_t>(points.values.size()));
  }
  return scales;
}

void report_nodes(const graph::Graph& g, const Points& points, Result& result) {
  for (graph::NodeId id : g.order()) {
    const graph::Node& n = g.node(id);
    NodeOutcome outcome{n.name, n.domain.empty() ? n.op : n.domain + "." + n.op, points.quantized.contains(id), {}, NAN, NAN};
    if (auto it = points.reasons.find(id); it != points.reasons.end()) outcome.reason = it->second;
    else if (!outcome.quantized && role_of(n) == Role::activate) outcome.reason = "part of the step before it";
    else if (!outcome.quantized && role_of(n) == Role::none) outcome.reason = "computed in float: no integer form";
    else if (!outcome.quantized) outcome.reason = "its neighbours stay in float, where integers would not pay";
    result.nodes.push_back(std::move(outcome));
  }
}

}  // namespace

Result quantize(const graph::Model& model, const Calibration* calibration, const Options& options, Control* control) {
  check(options);
  NodeSelector selector(options.include, options.exclude, options.op_types);
  Result result;
  result.model = prepare(model, options.fold_batch_norm);
  if (options.precision != "int8") {
    convert_float(result, options.precision == "fp16" ? DType::f16 : DType::bf16, selector, control);
  } else {
    require(calibration && calibration->samples() > 0, Code::invalid_argument, "static int8 quantization needs calibration data, and no sample was fed");
    graph::Graph& g = result.model.graph;
    Points points = reached_points(g, selector, *calibration);
    report_nodes(g, points, result);
    bool any = std::any_of(points.quantized.begin(), points.quantized.end(), [&](graph::NodeId id) { return role_of(g.node(id)) == Role::compute || role_of(g.node(id)) == Role::table; });
    require(any, Code::unsupported, "no node can be quantized", points.reasons.empty() ? std::string(": the model has no products with constant weights") : ": " + points.reasons.begin()->second);
    std::map<graph::ValueId, Scale> scales = choose_scales(g, points, *calibration, options, result, control);
    Placement placed = place(g, points, scales, options);
    result.quantized_weights = placed.weights;
    result.quantized_activations = placed.activations;
    result.warnings.insert(result.warnings.end(), placed.warnings.begin(), placed.warnings.end());
  }
  for (const std::string& entry : selector.unused()) result.warnings.push_back("include/exclude entry '" + printable(entry) + "' matches no node");
  result.model.graph.verify();
  return result;
}

}  // namespace mo::quantize
