// Units found by a trial quantization; assignments turned into include and exclude lists.
#include "search/space.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "quantize/prepare.h"
#include "quantize/traits.h"
#include "search/blocks.h"

namespace mo::search {

namespace {

// Names tell nodes apart in reports, lists and plans: empty and repeated ones are replaced.
void name_nodes(graph::Graph& g) {
  std::set<std::string> taken;
  for (graph::NodeId id : g.order()) {
    const graph::Node& n = g.node(id);
    std::string stem = n.name;
    if (stem.empty()) stem = n.op + "_" + (n.output(0) == graph::k_none ? std::to_string(id) : g.value(n.output(0)).name);
    std::string name = stem;
    for (int k = 2; !taken.insert(name).second; ++k) name = text(stem, "_", k);
    if (name != n.name) g.edit(id).name = name;
  }
}

int64_t weight_elements(const graph::Graph& g, const graph::Node& n) {
  auto place = quantize::weight_of(g, n);
  const Tensor* w = place ? g.constant_of(n.input(place->input)) : nullptr;
  return w ? w->size() : 0;
}

bool computes(const graph::Graph& g, const graph::Node& n) {
  quantize::Role role = quantize::role_of(n);
  return (role == quantize::Role::compute || role == quantize::Role::table) && quantize::weight_of(g, n).has_value();
}

double bytes_per_weight(const std::string& precision) { return precision == "fp32" ? 4 : precision == "int8" ? 1 : 2; }

}  // namespace

Space::Space(const graph::Model& model, const quantize::Calibration* calibration, quantize::Options options, const SpaceOptions& space, Control* control)
    : base_(quantize::prepare(model, options.fold_batch_norm)), calibration_(calibration), options_(std::move(options)), precisions_{"fp32"} {
  for (const std::string& p : space.precisions) {
    require(p == "int8" || p == "fp16" || p == "bf16" || p == "fp32", Code::invalid_argument, "precisions: '", printable(p), "' is none of int8, fp16, bf16, fp32");
    if (std::find(precisions_.begin(), precisions_.end(), p) == precisions_.end()) precisions_.push_back(p);
  }
  require(precisions_.size() > 1, Code::invalid_argument, "precisions: there must be one beside fp32");
  name_nodes(base_.graph);
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
  std::set<std::string> able;
  bool integers = std::find(precisions_.begin(), precisions_.end(), "int8") != precisions_.end();
  if (integers) {
    quantize::Options o = options_;
    o.precision = "int8";
    for (const quantize::NodeOutcome& n : quantize::quantize(base_, calibration_, o, control).nodes)
      if (n.quantized) able.insert(n.node);
  }
  std::vector<graph::NodeId> nodes;
  for (graph::NodeId id : g.order())
    if (computes(g, g.node(id)) && (!integers || able.contains(g.node(id).name))) nodes.push_back(id);
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

std::vector<std::string> Space::names_with(const Assignment& assignment, int precision, bool equal) const {
  std::vector<std::string> names;
  for (size_t u = 0; u < units_.size(); ++u)
    if ((assignment[u] == precision) == equal)
      for (graph::NodeId id : units_[u].nodes) names.push_back(re2::RE2::QuoteMeta(base_.graph.node(id).name));
  return names;
}

quantize::Result Space::build(const Assignment& assignment, Control* control) const {
  MO_ASSERT(assignment.size() == units_.size());
  quantize::Result result;
  result.model = base_;
  std::map<std::string, quantize::NodeOutcome> outcomes;
  auto run = [&](const std::string& precision, const quantize::Options& o) {
    quantize::Result made = quantize::quantize(result.model, precision == "int8" ? calibration_ : nullptr, o, control);
    result.model = std::move(made.model);
    result.quantized_weights += made.quantized_weights;
    result.quantized_activations += made.quantized_activations;
    result.warnings.insert(result.warnings.end(), made.warnings.begin(), made.warnings.end());
    for (quantize::NodeOutcome& n : made.nodes) {
      auto [it, fresh] = outcomes.try_emplace(n.node, n);
      if (!fresh && n.quantized) it->second = n;
    }
  };
  for (int p = 1; p < static_cast<int>(precisions_.size()); ++p) {
    const std::string& precision = precisions_[static_cast<size_t>(p)];
    std::vector<std::string> chosen = names_with(assignment, p, true);
    if (chosen.empty()) continue;
    quantize::Options o = options_;
    o.precision = precision;
    o.fold_batch_norm = false;  // done already
    if (precision == "int8") {
      std::vector<std::string> others = names_with(assignment, p, false);
      o.exclude.insert(o.exclude.end(), others.begin(), others.end());
    } else {
      o.include = std::move(chosen);
      o.exclude.clear(), o.op_types.clear();
    }
    run(precision, o);
  }
  for (graph::NodeId id : base_.graph.order()) {
    const graph::Node& n = base_.graph.node(id);
    auto it = outcomes.find(n.name);
    if (it != outcomes.end()) result.nodes.push_back(it->second);
    else result.nodes.push_back({n.name, n.domain.empty() ? n.op : n.domain + "." + n.op, false, "computed in float", NAN, NAN});
  }
  return result;
}

double Space::weight_bytes(size_t unit, int precision) const {
  return static_cast<double>(units_[unit].weights) * bytes_per_weight(precisions_[static_cast<size_t>(precision)]);
}

}  // namespace mo::search
