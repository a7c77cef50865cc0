// Graph bookkeeping: ids, names, edges in both directions, topological order.
#include "graph/graph.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

namespace mo::graph {

namespace {
[[noreturn]] void no_value(ValueId id) { fail(Code::internal, "no value ", id); }
}  // namespace

// --- values

std::string Graph::unique_name(std::string_view stem) const {
  std::string base(stem.empty() ? "v" : stem);
  if (!stem.empty() && !by_name_.contains(base)) return base;
  for (size_t k = stem.empty() ? values_.size() : 1;; ++k) {
    std::string candidate = text(base, "_", k);
    if (!by_name_.contains(candidate)) return candidate;
  }
}

ValueId Graph::add_value(std::string value_name, Type type) {
  ValueId id = static_cast<ValueId>(values_.size());
  Value v;
  v.name = unique_name(value_name);
  v.type = std::move(type);
  by_name_.emplace(v.name, id);
  values_.push_back(std::move(v));
  return id;
}

ValueId Graph::add_constant(std::string value_name, Tensor contents) {
  ValueId id = add_value(std::move(value_name), Type::tensor(contents.dtype(), contents.shape()));
  values_[static_cast<size_t>(id)].constant = std::move(contents);
  return id;
}

Value& Graph::value(ValueId id) {
  if (id < 0 || id >= value_count()) no_value(id);
  return values_[static_cast<size_t>(id)];
}

const Value& Graph::value(ValueId id) const {
  if (id < 0 || id >= value_count()) no_value(id);
  return values_[static_cast<size_t>(id)];
}

ValueId Graph::find_value(std::string_view value_name) const {
  auto it = by_name_.find(value_name);
  return it == by_name_.end() ? k_none : it->second;
}

void Graph::rename_value(ValueId id, std::string value_name) {
  Value& v = value(id);
  if (v.name == value_name) return;
  require(!by_name_.contains(value_name), Code::internal, "value name ", value_name, " is taken");
  by_name_.erase(v.name);
  by_name_.emplace(value_name, id);
  v.name = std::move(value_name);
}

// --- nodes

const Node& Graph::node(NodeId id) const {
  MO_ASSERT(alive(id));
  return nodes_[static_cast<size_t>(id)];
}

Node& Graph::edit(NodeId id) {
  MO_ASSERT(alive(id));
  return nodes_[static_cast<size_t>(id)];
}

void Graph::link(NodeId id, int direction) {
  auto touch = [&](ValueId v) {
    if (v == k_none) return;
    auto& users = value(v).users;
    if (direction > 0) {
      users.push_back(id);
    } else if (auto it = std::find(users.begin(), users.end(), id); it != users.end()) {
      users.erase(it);
    }
  };
  const Node& n = nodes_[static_cast<size_t>(id)];
  for (ValueId v : n.inputs) touch(v);
  for (const auto& [attribute, sub] : subgraphs(n))
    for (const Capture& c : sub->captures) touch(c.outer);
}

NodeId Graph::add_node(Node n) {
  NodeId id = static_cast<NodeId>(nodes_.size());
  for (ValueId v : n.outputs) {
    if (v == k_none) continue;
    require(value(v).producer == k_none && !value(v).is_constant() && !is_input(v), Code::format, "value '", printable(value(v).name),
            "' has two producers");
    value(v).producer = id;
  }
  nodes_.push_back(std::move(n));
  alive_.push_back(1);
  order_.push_back(id);
  link(id, +1);
  return id;
}

NodeId Graph::insert_before(NodeId place, Node n) {
  NodeId id = add_node(std::move(n));
  order_.pop_back();
  order_.insert(std::find(order_.begin(), order_.end(), place), id);
  return id;
}

void Graph::remove_node(NodeId id) {
  MO_ASSERT(alive(id));
  link(id, -1);
  Node& n = nodes_[static_cast<size_t>(id)];
  for (ValueId v : n.outputs)
    if (v != k_none) value(v).producer = k_none;
  n = Node();
  alive_[static_cast<size_t>(id)] = 0;
  order_.erase(std::find(order_.begin(), order_.end(), id));
}

void Graph::set_input(NodeId id, size_t index, ValueId v) {
  MO_ASSERT(alive(id));
  link(id, -1);
  Node& n = nodes_[static_cast<size_t>(id)];
  if (index >= n.inputs.size()) n.inputs.resize(index + 1, k_none);
  n.inputs[index] = v;
  link(id, +1);
}

void Graph::set_output(NodeId id, size_t index, ValueId v) {
  MO_ASSERT(alive(id));
  Node& n = nodes_[static_cast<size_t>(id)];
  if (index >= n.outputs.size()) n.outputs.resize(index + 1, k_none);
  if (n.outputs[index] != k_none) value(n.outputs[index]).producer = k_none;
  n.outputs[index] = v;
  if (v == k_none) return;
  require(value(v).producer == k_none, Code::internal, "value '", value(v).name, "' has two producers");
  value(v).producer = id;
}

void Graph::resize_inputs(NodeId id, size_t count) {
  MO_ASSERT(alive(id));
  link(id, -1);
  nodes_[static_cast<size_t>(id)].inputs.resize(count, k_none);
  link(id, +1);
}

void Graph::set_subgraph(NodeId id, std::string_view attribute, std::shared_ptr<const Graph> subgraph) {
  MO_ASSERT(alive(id));
  link(id, -1);
  nodes_[static_cast<size_t>(id)].set(attribute, std::move(subgraph));
  link(id, +1);
}

void Graph::sort() {
  // Kahn's algorithm; among ready nodes the earliest in the present order goes first, so a sorted graph keeps its order.
  std::vector<int32_t> waiting(nodes_.size(), 0);
  std::vector<size_t> position(nodes_.size(), 0);
  for (size_t p = 0; p < order_.size(); ++p) position[static_cast<size_t>(order_[p])] = p;
  for (const Value& v : values_)
    if (v.producer != k_none)
      for (NodeId user : v.users) ++waiting[static_cast<size_t>(user)];
  auto later = [&](NodeId a, NodeId b) { return position[static_cast<size_t>(a)] > position[static_cast<size_t>(b)]; };
  std::priority_queue<NodeId, std::vector<NodeId>, decltype(later)> ready(later);
  for (NodeId id : order_)
    if (waiting[static_cast<size_t>(id)] == 0) ready.push(id);
  std::vector<NodeId> sorted;
  sorted.reserve(order_.size());
  while (!ready.empty()) {
    NodeId id = ready.top();
    ready.pop();
    sorted.push_back(id);
    for (ValueId v : nodes_[static_cast<size_t>(id)].outputs) {
      if (v == k_none) continue;
      for (NodeId user : value(v).users)
        if (--waiting[static_cast<size_t>(user)] == 0) ready.push(user);
    }
  }
  if (sorted.size() != order_.size()) {
    for (NodeId id : order_)
      if (waiting[static_cast<size_t>(id)] > 0) {
        Error e(Code::format, "the graph has a cycle");
        e.at(printable(nodes_[static_cast<size_t>(id)].name), printable(nodes_[static_cast<size_t>(id)].op));
        throw e;
      }
  }
  order_ = std::move(sorted);
}

// --- edges

bool Graph::is_input(ValueId id) const { return std::find(inputs.begin(), inputs.end(), id) != inputs.end(); }
bool Graph::is_output(ValueId id) const { return std::find(outputs.begin(), outputs.end(), id) != outputs.end(); }

void Graph::replace_uses(ValueId from, ValueId to) {
  if (from == to) return;
  std::vector<NodeId> users = value(from).users;
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  for (NodeId id : users) {
    link(id, -1);
    Node& n = nodes_[static_cast<size_t>(id)];
    for (ValueId& v : n.inputs)
      if (v == from) v = to;
    for (auto& [attribute, sub] : subgraphs(n)) {
      auto captured = [&](const Capture& c) { return c.outer == from; };
      if (std::none_of(sub->captures.begin(), sub->captures.end(), captured)) continue;
      auto copy = std::make_shared<Graph>(*sub);
      for (Capture& c : copy->captures)
        if (c.outer == from) c.outer = to;
      if (AttrValue* slot = const_cast<AttrValue*>(n.find(attribute)); auto* list = std::get_if<std::vector<GraphPtr>>(slot)) {
        std::replace(list->begin(), list->end(), sub, GraphPtr(copy));
      } else {
        *slot = GraphPtr(copy);
      }
    }
    link(id, +1);
  }
  std::replace(outputs.begin(), outputs.end(), from, to);
}

int Graph::use_count(ValueId id) const {
  return static_cast<int>(value(id).users.size() + static_cast<size_t>(std::count(outputs.begin(), outputs.end(), id)));
}

NodeId Graph::sole_user(ValueId id) const {
  const Value& v = value(id);
  return v.users.size() == 1 && !is_output(id) ? v.users[0] : k_none;
}

NodeId Graph::producer_if(ValueId id, std::string_view op, std::string_view domain) const {
  if (id == k_none) return k_none;
  NodeId p = value(id).producer;
  return p != k_none && node(p).is(op, domain) ? p : k_none;
}

const Tensor* Graph::constant_of(ValueId id) const {
  if (id == k_none) return nullptr;
  const Value& v = value(id);
  return v.is_constant() && !is_input(id) ? &v.constant : nullptr;
}

int Graph::remove_dead() {
  std::vector<char> needed(nodes_.size(), 0);
  std::vector<NodeId> work;
  auto need = [&](ValueId v) {
    if (v == k_none) return;
    NodeId p = value(v).producer;
    if (p != k_none && !needed[static_cast<size_t>(p)]) needed[static_cast<size_t>(p)] = 1, work.push_back(p);
  };
  for (ValueId v : outputs) need(v);
  while (!work.empty()) {
    const Node& n = nodes_[static_cast<size_t>(work.back())];
    work.pop_back();
    for (ValueId v : n.inputs) need(v);
    for (const auto& [attribute, sub] : subgraphs(n))
      for (const Capture& c : sub->captures) need(c.outer);
  }
  std::vector<NodeId> dead;
  for (NodeId id : order_)
    if (!needed[static_cast<size_t>(id)]) dead.push_back(id);
  for (auto it = dead.rbegin(); it != dead.rend(); ++it) remove_node(*it);
  for (ValueId v = 0; v < value_count(); ++v)
    if (value(v).is_constant() && use_count(v) == 0 && !is_input(v)) value(v).constant = Tensor();
  return static_cast<int>(dead.size());
}

void Graph::verify() const {
  std::vector<char> ready(values_.size(), 0);
  auto mark = [&](ValueId v) { ready[static_cast<size_t>((value(v), v))] = 1; };
  for (ValueId v : inputs) mark(v);
  for (const Capture& c : captures) mark(c.inner);
  for (ValueId v = 0; v < value_count(); ++v) {
    if (values_[static_cast<size_t>(v)].is_constant()) mark(v);
    auto it = by_name_.find(values_[static_cast<size_t>(v)].name);
    require(it != by_name_.end() && it->second == v, Code::internal, "value name ", printable(value(v).name), " is not unique");
  }
  auto expect = [&](ValueId v, const Node& n) {
    if (v == k_none) return;
    if (ready[static_cast<size_t>((value(v), v))]) return;
    Error e(Code::format, text("value '", printable(value(v).name), "' is used before it is produced"));
    e.at(printable(n.name), printable(n.op));
    throw e;
  };
  for (NodeId id : order_) {
    const Node& n = node(id);
    for (ValueId v : n.inputs) expect(v, n);
    for (const auto& [attribute, sub] : subgraphs(n)) {
      for (const Capture& c : sub->captures) expect(c.outer, n);
      sub->verify();
    }
    for (ValueId v : n.outputs) {
      if (v == k_none) continue;
      require(value(v).producer == id, Code::internal, "value '", printable(value(v).name), "' lost its producer");
      mark(v);
    }
  }
  for (ValueId v : outputs)
    require(v != k_none && ready[static_cast<size_t>((value(v), v))], Code::format, "output '",
            v == k_none ? std::string("(omitted)") : printable(value(v).name), "' is never produced");
}

std::vector<std::pair<std::string, GraphPtr>> subgraphs(const Node& n) {
  std::vector<std::pair<std::string, GraphPtr>> out;
  for (const auto& [key, v] : n.attributes) {
    if (const auto* g = std::get_if<GraphPtr>(&v)) out.emplace_back(key, *g);
    if (const auto* list = std::get_if<std::vector<GraphPtr>>(&v))
      for (const GraphPtr& g : *list) out.emplace_back(key, g);
  }
  return out;
}

}  // namespace mo::graph
