// Which node gets which form: roles and selections first, then scales.
#include "quantize/decide.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "quantize/select.h"
#include "quantize/share.h"
#include "quantize/traits.h"
#include "quantize/widths.h"

namespace mo::quantize {

namespace {

constexpr int64_t k_narrow = 256;  // products of fewer inputs average less of the rounding error out, and are small: they can afford finer grids

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

DType dtype_of_word(const std::string& word) {
  if (word == "uint8") return DType::u8;
  if (word == "int16") return DType::i16;
  if (word == "uint16") return DType::u16;
  if (word == "fp8_e4m3") return DType::f8e4m3fn;
  if (word == "fp8_e5m2") return DType::f8e5m2;
  if (word == "uint4") return DType::u4;
  if (word == "int4" || word == "int3" || word == "int2") return DType::i4;
  return DType::i8;
}

// Points whose values all have statistics: what calibration never reached stays in float.
Points reached_points(const Graph& g, const std::function<std::string(const Node&)>& refuse, const Calibration& calibration,
                      const PointOptions& options) {
  auto reached = [&](ValueId v) {
    auto it = calibration.statistics().find(g.value(v).name);
    return it != calibration.statistics().end() && it->second.count > 0;
  };
  std::set<std::string> refused;  // value names without data
  while (true) {
    Points p = choose_points(
        g,
        [&](const Node& n) -> std::string {
          if (std::string why = refuse(n); !why.empty()) return why;
          for (ValueId v : n.inputs)
            if (v != k_none && refused.contains(g.value(v).name))
              return "calibration saw no finite data for input '" + printable(g.value(v).name) + "'";
          for (ValueId v : n.outputs)
            if (v != k_none && refused.contains(g.value(v).name))
              return "calibration saw no finite data for output '" + printable(g.value(v).name) + "'";
          return "";
        },
        options);
    size_t before = refused.size();
    for (ValueId v : p.values)
      if (!reached(v)) refused.insert(g.value(v).name);
    if (refused.size() != before) continue;
    std::erase_if(p.values, [&](ValueId v) { return !reached(v); });
    return p;
  }
}

std::string reason_of(const Graph&, const Points& points, NodeId id, const Node& n) {
  if (auto it = points.reasons.find(id); it != points.reasons.end()) return it->second;
  if (role_of(n) == Role::activate) return "part of the step before it";
  if (role_of(n) == Role::none) return "computed in float: no integer form";
  return "its neighbours stay in float, where integers would not pay";
}

void decide_activations(const Graph& g, const Points& points, const Calibration& calibration, const Options& o, Scheme& scheme, Result& result,
                        Control* control) {
  const ChooserDef& how = chooser(o.calibration_method);
  int64_t done = 0;
  for (ValueId v : points.values) {
    const std::string& name = g.value(v).name;
    const Statistics& s = calibration.statistics().find(name)->second;
    ActivationForm form{activation_dtype(o), 0, 0, {}};
    if (auto it = points.shares.find(v); it != points.shares.end()) form.shares = g.value(it->second).name;
    if (auto it = o.overrides.activations.find(name); it != o.overrides.activations.end()) {
      form.dtype = it->second.dtype;
      if (it->second.scale > 0) form.scale = it->second.scale, form.zero_point = it->second.zero_point;
    }
    if (form.scale == 0) {
      Grid grid{form.dtype, o.activation_symmetric};
      Scale chosen = scale_of(is_floating(form.dtype) ? Range{s.min, s.max} : how.choose(s, grid, o.chooser), grid);
      form.scale = chosen.scale, form.zero_point = chosen.zero_point;
    }
    scheme.activations[name] = form;
    if (s.non_finite > 0)
      result.warnings.push_back(text("value '", printable(name), "': ", s.non_finite, " NaN or infinite numbers were left out of its range"));
    if (s.min == 0 && s.max == 0) result.warnings.push_back(text("value '", printable(name), "' was zero in every calibration sample"));
    progress(control, "choose scales", ++done, static_cast<int64_t>(points.values.size()));
  }
}

// Why a node cannot be stored or run in this mode; empty when it can.
std::string unfit(const Graph& g, const Node& n, const Options& o) {
  auto place = weight_of(g, n);
  if (!place) return role_of(n) == Role::compute ? "its weights are not constant" : "has no weights";
  const Tensor& w = *g.constant_of(n.input(place->input));
  if (w.dtype() != DType::f32) return text("its weights are ", name(w.dtype()), ", not float32");
  if (w.size() == 0) return "its weights are empty";
  if (o.mode == "dynamic") {
    if (n.is("ConvTranspose")) return "has no integer operator";
    if (n.is("MatMul") && w.rank() != 2) return "a batch of weight matrices";
    if (n.is("Gemm") && (n.i("transA", 0) || n.f("alpha", 1) != 1 || n.f("beta", 1) != 1)) return "Gemm with a transposed operand or factors";
    const graph::Type& x = g.value(n.input(0)).type;
    if (role_of(n) == Role::compute && x.dtype != DType::f32) return "its data operand is not a float32 activation";
  }
  return "";
}

// Recurrent nets hold 8-bit weights whatever narrower ones are asked for.
bool signed_codes(const std::string& precision) { return dtype_of_word(precision) == DType::i8 || dtype_of_word(precision) == DType::i4; }

// ONNX Runtime has an LSTM that quantizes its activations at run time; elsewhere the weights are stored in integers.
std::string recurrent_how(const Graph& g, const Node& n, const Options& o) {
  const bool dynamic = o.mode != "weight_only" && o.backend == "onnxruntime" && o.weight_symmetric && signed_codes(o.precision);
  return dynamic && has_dynamic_lstm(g, n) ? "dynamic" : "weight_only";
}

// Nodes by their weights alone, subgraphs included; false when none is quantized, `first` then holds a reason.
bool decide_by_weights(const Graph& g, const Options& o, const std::function<std::string(const Node&)>& refuse, Scheme& scheme, std::string& first) {
  bool any = false;
  for (NodeId id : g.order()) {
    const Node& n = g.node(id);
    NodeForm& form = scheme.nodes[n.name];
    form.op = n.domain.empty() ? n.op : n.domain + "." + n.op;
    for (const auto& [attribute, body] : graph::subgraphs(n)) any |= decide_by_weights(*body, o, refuse, scheme, first);
    bool recurrent = is_recurrent(n), holds_weights = weight_of(g, n).has_value();
    if (!recurrent && !holds_weights && role_of(n) != Role::compute) {
      form.reason = "has no weights";
      continue;
    }
    form.reason = recurrent ? "" : unfit(g, n, o);
    if (form.reason.empty()) form.reason = refuse(n);
    if (!form.reason.empty()) {
      if (first.empty()) first = form.reason;
      continue;
    }
    any = true;
    // Tables and most recurrent nets have no integer operator: their weights are stored in integers.
    bool integer = o.mode == "dynamic" && role_of(n) == Role::compute;
    if (recurrent) form.how = recurrent_how(g, n, o);
    else if (!integer)
      form.how = o.mode == "weight_only" && o.format == "matmul_nbits" && o.activation_type == "int8" ? "weight_only_int8_inputs" : "weight_only";
    else form.how = o.activation_scale == "per_token" && !n.is("Conv") ? "dynamic_per_token" : "dynamic";
    auto given = o.overrides.nodes.find(n.name);
    form.weights = given != o.overrides.nodes.end() && given->second.weights ? given->second.weights : weight_form(g, n, o);
  }
  return any;
}

void decide_static(const Graph& g, const Calibration& calibration, const Options& o, const std::function<std::string(const Node&)>& refuse,
                   Scheme& scheme, Result& result, Control* control) {
  PointOptions point_options{o.attention, o.integer_io == "outputs" || o.integer_io == "both"};
  Points points = reached_points(g, refuse, calibration, point_options);
  bool any = false;
  for (NodeId id : g.order()) {
    const Node& n = g.node(id);
    NodeForm& form = scheme.nodes[n.name];
    form.op = n.domain.empty() ? n.op : n.domain + "." + n.op;
    // Values inside of bodies have no statistics: their scales are found at run time.
    for (const auto& [attribute, body] : graph::subgraphs(n)) {
      Options inner = o;
      inner.mode = "dynamic";
      std::string ignored;
      if (o.backend != "tensorrt" && is_integer(activation_dtype(o)) && o.precision.ends_with("int8"))
        any |= decide_by_weights(
            *body, inner, [&](const Node& b) { return b.is("Conv") ? std::string("a convolution in a body") : refuse(b); }, scheme, ignored);
    }
    if (is_recurrent(n) && o.backend != "tensorrt" && is_integer(dtype_of_word(o.precision)) &&
        refuse(n).empty()) {  // activations as in mode dynamic
      any = true;
      form.how = recurrent_how(g, n, o);
      form.weights = weight_form(g, n, o);
      continue;
    }
    if (!points.quantized.contains(id)) {
      form.reason = reason_of(g, points, id, n);
      continue;
    }
    form.how = "static";
    any |= role_of(n) == Role::compute || role_of(n) == Role::table;
    auto given = o.overrides.nodes.find(n.name);
    form.weights = given != o.overrides.nodes.end() && given->second.weights ? given->second.weights : weight_form(g, n, o);
  }
  require(any, Code::unsupported, "no node can be quantized",
          points.reasons.empty() ? std::string(": the model has no products with constant weights") : ": " + points.reasons.begin()->second);
  decide_activations(g, points, calibration, o, scheme, result, control);
}

}  // namespace

DType activation_dtype(const Options& o) { return o.activation_type == "auto" ? DType::u8 : dtype_of_word(o.activation_type); }

std::optional<WeightForm> weight_form(const Graph& g, const Node& n, const Options& o) {
  WeightForm f;
  f.dtype = dtype_of_word(o.precision);
  f.bits = o.precision == "int3" ? 3 : o.precision == "int2" ? 2 : info(f.dtype).bits;
  if (o.reduce_range && f.bits == 8) f.bits = 7;
  f.symmetric = o.weight_symmetric.value_or(true);
  f.range = o.weight_range == "auto" ? "minmax" : o.weight_range;
  if (is_recurrent(n)) {
    f.axis = 1;
    if (f.bits < 8) f.dtype = DType::i8, f.bits = 8;
    return f;
  }
  auto place = weight_of(g, n);
  if (!place) return std::nullopt;
  bool table = role_of(n) == Role::table, product = n.is("MatMul") || n.is("Gemm");
  int64_t rank = g.constant_of(n.input(place->input)) ? g.constant_of(n.input(place->input))->rank() : 0;
  if (o.granularity != "per_tensor") f.axis = place->axis;
  if (table) {
    if (o.granularity == "per_row" || o.granularity == "per_block") f.axis = 0;
    if (f.bits < 8 || is_floating(f.dtype)) f.dtype = DType::i8, f.bits = 8, f.range = "minmax";
    if (f.axis == 0) f.symmetric = true, f.dtype = DType::i8;  // scales are looked up with the rows, zero points are not
  } else {
    if (n.is("ConvTranspose") && n.i("group", 1) != 1) f.axis = -1;  // the channels of different groups share the axis
    if (o.granularity == "per_block" && product && rank == 2) {
      // Blocks of DequantizeLinear divide the axis in the runtimes that know them; MatMulNBits pads.
      int64_t inputs = g.constant_of(n.input(place->input))->dim(1 - place->axis);
      f.block = o.block_size ? o.block_size : inputs < k_narrow ? 16 : 32;
      if (o.format != "matmul_nbits")
        while (f.block >= 16 && inputs % f.block != 0) f.block /= 2;
      if (f.block < 16) f.block = 0;
      if (f.block > 0 && is_integer(f.dtype))
        // A zero point pays where rounding learns from samples; without, only few inputs a channel make ranges lopsided.
        f.symmetric = o.weight_symmetric.value_or(f.bits >= 8 || (inputs >= k_narrow && o.rounding == "nearest"));
    }
    f.rounding = o.rounding;
    if (info(f.dtype).bits < 8 && o.small_weights == "auto" && few_weights(g, n, *place)) {
      const int64_t block = o.format == "matmul_nbits" ? f.block : 0;
      widen(f);
      if (o.reduce_range) f.bits = 7;
      f.block = block;
    }
  }
  return f;
}

Points points_of(const Graph& g, const Scheme& scheme) {
  Points p;
  std::map<std::string_view, NodeId> by_name;
  for (NodeId id : g.order()) by_name[g.node(id).name] = id;
  auto value = [&](const std::string& name) {
    ValueId v = g.find_value(name);
    require(v != k_none, Code::invalid_argument, "the scheme names a value '", printable(name), "' that the model does not have");
    return v;
  };
  for (const auto& [name, form] : scheme.nodes) {
    auto it = by_name.find(name);
    if (it == by_name.end() && form.how != "static") continue;  // inside of a body
    require(it != by_name.end(), Code::invalid_argument, "the scheme names a node '", printable(name), "' that the model does not have");
    if (form.how == "static") p.quantized.insert(it->second);
  }
  for (const auto& [name, form] : scheme.activations) {
    p.values.insert(value(name));
    require(form.scale > 0, Code::invalid_argument, "the scheme gives value '", printable(name), "' no scale");
    if (form.shares.empty()) continue;
    require(scheme.activations.contains(form.shares), Code::invalid_argument, "value '", printable(name), "' shares the scale of '",
            printable(form.shares), "', which the scheme gives none");
    p.shares[value(name)] = value(form.shares);
  }
  for (NodeId id : p.quantized) {
    const Node& n = g.node(id);
    if (role_of(n) != Role::compute) continue;
    require(p.values.contains(n.input(0)), Code::invalid_argument, "the scheme wants node '", printable(n.name), "' static and gives its input '",
            printable(g.value(n.input(0)).name), "' no scale");
  }
  return p;
}

Scheme decide(const Graph& g, const Calibration* calibration, const Options& o, Result& result, Control* control) {
  NodeSelector selector(o.include, o.exclude, o.op_types);
  auto refuse = [&](const Node& n) -> std::string {
    if (auto it = o.overrides.nodes.find(n.name); it != o.overrides.nodes.end() && it->second.how == "float")
      return it->second.reason.empty() ? "left in float by an override" : it->second.reason;
    return selector.refuse(n);
  };
  Scheme scheme;
  if (o.mode == "static") {
    require(calibration && calibration->samples() > 0, Code::invalid_argument,
            "static quantization needs calibration data, and no sample was fed (mode dynamic and weight_only need none)");
    // Nodes with another form of their own are no part of the integer net.
    auto other = [&](const Node& n) {
      auto it = o.overrides.nodes.find(n.name);
      return it != o.overrides.nodes.end() && it->second.how != "static" && it->second.how != "float";
    };
    decide_static(
        g, *calibration, o, [&](const Node& n) -> std::string { return other(n) ? "has another form" : refuse(n); }, scheme, result, control);
  } else {
    std::string first;
    bool any = decide_by_weights(g, o, refuse, scheme, first);
    if (o.last_product != "same") widen_last(g, calibration, o, scheme, control);
    require(any, Code::unsupported, "no node can be quantized",
            first.empty() ? std::string(": the model has no products with constant weights") : ": " + first);
  }
  agree_tables(g, o, scheme);
  for (const auto& [name, form] : o.overrides.nodes) {
    auto it = scheme.nodes.find(name);
    require(it != scheme.nodes.end(), Code::invalid_argument, "an override names a node '", printable(name), "' that the model does not have");
    if (form.how == "float" || (form.how == "static" && it->second.how == "static")) continue;
    require(form.how != "static", Code::invalid_argument, "an override wants node '", printable(name), "' static: ", it->second.reason);
    std::string op = it->second.op;
    it->second = form;
    it->second.op = op;
    if (form.how != "fp16" && form.how != "bf16" && !form.weights)
      for (NodeId id : g.order())
        if (g.node(id).name == name) it->second.weights = weight_form(g, g.node(id), o);
  }
  for (const std::string& entry : selector.unused()) result.warnings.push_back("include/exclude entry '" + printable(entry) + "' matches no node");
  return scheme;
}

}  // namespace mo::quantize
