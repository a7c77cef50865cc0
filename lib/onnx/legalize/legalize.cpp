// The table of upgraders and the two moments at which they run: while reading, and after inference for those that need types.
#include "onnx/legalize/legalize.h"

#include <algorithm>

#include "base/error.h"

namespace mo::onnx {

using graph::AttrValue;
using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

#define MO_UPGRADE(op, domain, below, function) bool function(Upgrade&);
#include "onnx/legalize/legalize.inc"
#undef MO_UPGRADE

namespace {

constexpr UpgradeRule k_rules[] = {
#define MO_UPGRADE(op, domain, below, function) {op, domain, below, function},
#include "onnx/legalize/legalize.inc"
#undef MO_UPGRADE
};

bool less(const UpgradeRule& a, std::string_view op, std::string_view domain) {
  return std::string_view(a.domain) != domain ? std::string_view(a.domain) < domain : std::string_view(a.op) < op;
}

constexpr bool sorted() {
  for (size_t i = 1; i < std::size(k_rules); ++i) {
    std::string_view da = k_rules[i - 1].domain, db = k_rules[i].domain, a = k_rules[i - 1].op, b = k_rules[i].op;
    if (da > db || (da == db && (a > b || (a == b && k_rules[i - 1].below >= k_rules[i].below)))) return false;
  }
  return true;
}
static_assert(sorted(), "legalize.inc is sorted by domain, operator, version");

}  // namespace

std::span<const UpgradeRule> upgrade_rules(std::string_view op, std::string_view domain) {
  const UpgradeRule* end = std::end(k_rules);
  const UpgradeRule* first = std::lower_bound(std::begin(k_rules), end, 0, [&](const UpgradeRule& r, int) { return less(r, op, domain); });
  const UpgradeRule* last = first;
  while (last != end && last->op == op && last->domain == domain) ++last;
  return {first, last};
}

bool upgrade_now(Graph& g, Node& node, int64_t version, bool last_chance, std::vector<Node>& helpers) {
  if (version < 6 && node.domain.empty()) node.erase("consumed_inputs");  // a hint about memory that most operators had
  // An upgrader may turn the node into another operator of the newest form: its own rules are then not for it.
  std::span<const UpgradeRule> rules = upgrade_rules(node.op, node.domain);
  for (const UpgradeRule& rule : rules) {
    if (version >= rule.below) continue;
    Upgrade u(g, node, last_chance);
    if (!rule.apply(u)) return false;
    std::move(u.helpers.begin(), u.helpers.end(), std::back_inserter(helpers));
    if (node.op != rule.op || node.domain != rule.domain) break;
  }
  return true;
}

void upgrade_later(Graph& g, std::span<const std::pair<NodeId, int64_t>> pending) {
  for (auto [id, version] : pending) {
    Node n = g.node(id);
    std::vector<Node> helpers;
    upgrade_now(g, n, version, true, helpers);
    for (Node& h : helpers) g.insert_before(id, std::move(h));
    for (size_t i = n.outputs.size(); i < g.node(id).outputs.size(); ++i) g.set_output(id, i, k_none);
    g.resize_inputs(id, n.inputs.size());
    for (size_t i = 0; i < n.inputs.size(); ++i) g.set_input(id, i, n.inputs[i]);
    Node& slot = g.edit(id);
    slot.op = std::move(n.op);
    slot.domain = std::move(n.domain);
    slot.attributes = std::move(n.attributes);
    slot.outputs.resize(n.outputs.size());
  }
}

// --- Upgrade

DType Upgrade::dtype(size_t input) const {
  ValueId v = node.input(input);
  return v == k_none ? DType::undefined : graph_.value(v).type.dtype;
}

int64_t Upgrade::rank(size_t input) const {
  ValueId v = node.input(input);
  return v == k_none ? -1 : graph_.value(v).type.rank();
}

const Tensor* Upgrade::constant(size_t input) const { return graph_.constant_of(node.input(input)); }

std::string Upgrade::stem(std::string_view what) const {
  std::string base = node.name;
  for (size_t i = 0; base.empty() && i < node.outputs.size(); ++i)
    if (node.outputs[i] != k_none) base = graph_.value(node.outputs[i]).name;
  return text(base, "/", what);
}

ValueId Upgrade::add(std::string_view what, Tensor constant) { return graph_.add_constant(stem(what), std::move(constant)); }

ValueId Upgrade::ints(std::string_view what, std::vector<int64_t> values) {
  return add(what, Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, values));
}

ValueId Upgrade::scalar_like(std::string_view what, double value, size_t like) {
  DType d = dtype(like);
  Tensor t = Tensor::zeros(d == DType::undefined ? DType::f32 : d, {});
  t.set_number(0, value);
  ValueId c = add(what, std::move(t));
  return d == DType::undefined ? emit("CastLike", {c, node.input(like)}) : c;
}

ValueId Upgrade::emit(std::string op, std::vector<ValueId> inputs, std::vector<std::pair<std::string, AttrValue>> attributes) {
  Node n;
  ValueId out = graph_.add_value(stem(op));
  n.name = graph_.value(out).name;  // unique, as the value's name is
  n.op = std::move(op);
  n.inputs = std::move(inputs);
  n.attributes = std::move(attributes);
  n.outputs = {out};
  helpers.push_back(std::move(n));
  return out;
}

std::vector<ValueId> Upgrade::emit_all(std::string op, std::vector<ValueId> inputs, size_t outputs) {
  Node n;
  for (size_t i = 0; i < outputs; ++i) n.outputs.push_back(graph_.add_value(stem(text(op, i))));
  n.name = graph_.value(n.outputs[0]).name;
  n.op = std::move(op);
  n.inputs = std::move(inputs);
  helpers.push_back(std::move(n));
  return helpers.back().outputs;
}

void Upgrade::set_input(size_t index, ValueId value) {
  if (node.inputs.size() <= index) node.inputs.resize(index + 1, k_none);
  node.inputs[index] = value;
}

std::vector<int64_t> Upgrade::take_ints(std::string_view attribute) {
  std::vector<int64_t> values = node.ints(attribute);
  node.erase(attribute);
  return values;
}

}  // namespace mo::onnx
