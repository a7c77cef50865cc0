// Units found by a trial quantization; assignments turned into the forms of nodes that a scheme overrides.
#include "search/space.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "quantize/decide.h"
#include "quantize/prepare.h"
#include "quantize/traits.h"
#include "search/blocks.h"

namespace mo::search {

namespace {

using quantize::NodeForm;

constexpr const char* k_precisions[] = {"fp32", "int8", "int4", "int8_weights", "int4_weights", "int8_dynamic", "fp16", "bf16"};

bool sixteen_bits(const std::string& p) { return p == "fp16" || p == "bf16"; }

double bits_of(const std::string& p) {
  if (p == "fp32") return 32;
  if (sixteen_bits(p)) return 16;
  return p.find('4') != std::string::npos || p == "int3" || p == "int2" ? (p == "fp8_e4m3" ? 8 : 4) : 8;
}

int64_t weight_elements(const graph::Graph& g, const graph::Node& n) {
  int64_t sum = 0;
  if (auto place = quantize::weight_of(g, n))
    if (const Tensor* w = g.constant_of(n.input(place->input))) sum = w->size();
  if (quantize::is_recurrent(n))
    for (size_t i : {1, 2})
      if (const Tensor* w = g.constant_of(n.input(i))) sum += w->size();
  return sum;
}

bool decides(const graph::Node& n) {
  quantize::Role role = quantize::role_of(n);
  return role == quantize::Role::compute || role == quantize::Role::table || quantize::is_recurrent(n);
}

}  // namespace

Space::Space(const graph::Model& model, const quantize::Calibration* calibration, quantize::Options options, const SpaceOptions& space,
             Control* control)
    : model_(model),
      base_(quantize::prepare(model, options.fold_batch_norm)),
      calibration_(calibration),
      options_(std::move(options)),
      precisions_{"fp32"} {
  // Beside 16-bit floats for all there is nothing that needs statistics.
  if (sixteen_bits(options_.precision)) {
    precisions_.push_back(options_.precision);
    options_.precision = "int8", options_.mode = "weight_only";
  }
  for (const std::string& p : space.precisions) {
    require(p == options_.precision || std::find(std::begin(k_precisions), std::end(k_precisions), p) != std::end(k_precisions),
            Code::invalid_argument, "precisions: '", printable(p),
            "' is none of int8, int4, int8_weights, int4_weights, int8_dynamic, fp16, bf16, fp32");
    if (std::find(precisions_.begin(), precisions_.end(), p) == precisions_.end()) precisions_.push_back(p);
  }
  if (precisions_.size() == 1) precisions_.push_back(options_.precision);
  find_units(space.blocks, control);
  require(!units_.empty(), Code::unsupported, "no node can be quantized: there is nothing to choose");
}

int Space::index_of(const std::string& precision) const {
  auto it = std::find(precisions_.begin(), precisions_.end(), precision);
  require(it != precisions_.end(), Code::invalid_argument, "precision '", printable(precision), "' is not among those of the search");
  return static_cast<int>(it - precisions_.begin());
}

void Space::find_units(bool blocks, Control* control) {
  const graph::Graph& g = base_.graph;
  quantize::Options o = options_;
  // Without statistics only what needs none can be among the choices, and weights tell which nodes those are.
  if (!calibration_ && o.mode == "static") {
    for (const std::string& p : precisions_)
      require(p != o.precision && p != "int4" && p != "int8", Code::invalid_argument, "precision ", p, " in static mode needs calibration data");
    o.mode = options_.mode = "weight_only";
  }
  o.rounding = "nearest", o.corrections.clear();  // what is quantized does not depend on them
  std::set<std::string> able;
  for (const auto& [name, form] : quantize::quantize(base_, calibration_, o, control).scheme.nodes)
    if (form.how != "float" && !options_.overrides.nodes.contains(name)) able.insert(name);
  std::vector<graph::NodeId> nodes;
  for (graph::NodeId id : g.order())
    if (decides(g.node(id)) && able.contains(g.node(id).name)) nodes.push_back(id);
  for (const std::vector<graph::NodeId>& members : blocks ? blocks_of(g, nodes) : singles_of(nodes)) {
    Unit u;
    u.nodes = members;
    u.name = g.node(members.front()).name;
    std::map<std::string, int> ops;
    for (graph::NodeId id : members) u.weights += weight_elements(g, g.node(id)), ++ops[g.node(id).op];
    for (const auto& [op, count] : ops) u.ops += (u.ops.empty() ? "" : ", ") + (members.size() == 1 ? op : text(count, " ", op));
    units_.push_back(std::move(u));
  }
}

// Of a choice that is not the options' own.
NodeForm Space::form(const graph::Node& n, const std::string& precision) const {
  NodeForm f;
  if (precision == "fp32" || sixteen_bits(precision)) {
    f.how = precision == "fp32" ? "float" : precision;
    return f;
  }
  quantize::Options o = options_;
  o.precision = precision.substr(0, precision.find('_'));
  if (precision.ends_with("_weights")) f.how = "weight_only", o.granularity = o.precision == "int4" ? "per_block" : "per_channel";
  else if (precision == "int8_dynamic") f.how = "dynamic", o.granularity = "per_channel";
  else f.how = quantize::is_recurrent(n) && options_.mode == "static" ? "weight_only" : options_.mode;  // recurrent nets have no static form
  if (bits_of(precision) < 8 && o.weight_range == "auto") o.weight_range = "mse";
  o.small_weights = "same";                          // the search weighs what narrow ones cost
  if (o.rounding == "auto") o.rounding = "nearest";  // a search makes many models: learning is for who asks
  f.weights = quantize::weight_form(base_.graph, n, o);
  if (!f.weights) f.how = "float";  // a product of two activations
  return f;
}

quantize::Result Space::build(const graph::Model& from, const Assignment& assignment, const std::vector<std::string>& reasons,
                              Control* control) const {
  MO_ASSERT(assignment.size() == units_.size());
  const graph::Graph& g = base_.graph;
  quantize::Options o = options_;
  bool own = false, other = false;
  for (size_t u = 0; u < units_.size(); ++u) {
    const std::string& precision = precisions_[static_cast<size_t>(assignment[u])];
    if (precision == options_.precision) {
      own = true;
      continue;
    }
    for (graph::NodeId id : units_[u].nodes) {
      NodeForm f = form(g.node(id), precision);
      own |= f.how == "static";
      other |= f.how != "static" && f.how != "float";
      f.reason = u < reasons.size() && !reasons[u].empty() ? reasons[u] : f.how == "float" ? "float by choice of the search" : "";
      o.overrides.nodes[g.node(id).name] = std::move(f);
    }
  }
  if (own || other) {
    if (!own) o.mode = "weight_only";  // nothing static is left, and statistics are not needed
    return quantize::quantize(from, calibration_, o, control);
  }
  quantize::Result result;
  result.model = &from == &base_ ? base_ : quantize::prepare(from, o.fold_batch_norm);
  for (graph::NodeId id : g.order()) {
    const graph::Node& n = g.node(id);
    auto it = o.overrides.nodes.find(n.name);
    std::string op = n.domain.empty() ? n.op : n.domain + "." + n.op,
                reason = it != o.overrides.nodes.end() ? it->second.reason : "computed in float";
    result.nodes.push_back({n.name, op, false, reason, NAN, NAN});
    result.scheme.nodes[n.name] = {"float", op, reason, {}};
  }
  if (&from != &base_) quantize::drop_invented_names(result.model.graph);
  return result;
}

double Space::weight_bytes(size_t unit, int precision) const {
  const Unit& u = units_[unit];
  const std::string& p = precisions_[static_cast<size_t>(precision)];
  bool plain = p == "fp32" || sixteen_bits(p) || p == options_.precision;
  double bits = bits_of(p), sum = 0;
  for (graph::NodeId id : u.nodes) {
    const graph::Node& n = base_.graph.node(id);
    auto form_of = [&] { return plain ? quantize::weight_form(base_.graph, n, options_) : form(n, p).weights; };
    std::optional<quantize::WeightForm> f = p == "fp32" || sixteen_bits(p) ? std::nullopt : form_of();
    double elements = static_cast<double>(weight_elements(base_.graph, n));
    double each = f ? info(f->dtype).bits : bits;
    sum += elements * each / 8;
    if (f && f->block > 0) sum += elements / static_cast<double>(f->block) * 4;
  }
  return sum;
}

}  // namespace mo::search
