// Depths of nodes, and the small graphs between them.
#include "quantize/stages.h"

#include <algorithm>

namespace mo::quantize {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

namespace {

// Everything a node reads, the values that its bodies capture too.
template <class F>
void for_inputs(const Node& n, F f) {
  for (ValueId v : n.inputs)
    if (v != k_none) f(v);
  for (const auto& [attribute, body] : graph::subgraphs(n))
    for (const graph::Capture& c : body->captures) f(c.outer);
}

}  // namespace

Stages::Stages(Graph graph, const std::set<std::string>& products, int threads) : graph_(std::move(graph)), threads_(threads) {
  std::vector<ValueId> results;
  for (NodeId id : graph_.order())
    if (products.contains(graph_.node(id).name)) results.push_back(graph_.node(id).outputs[0]);
  graph_.outputs = results;
  graph_.remove_dead();
  std::map<ValueId, int> reached;
  for (NodeId id : graph_.order()) {
    const Node& n = graph_.node(id);
    int at = 0;
    for_inputs(n, [&](ValueId v) {
      if (auto it = reached.find(v); it != reached.end()) at = std::max(at, it->second);
    });
    if (depth_.size() <= static_cast<size_t>(id)) depth_.resize(static_cast<size_t>(id) + 1, 0);
    bool product = products.contains(n.name);
    if (product) {
      by_name_[n.name] = id;
      if (products_.size() <= static_cast<size_t>(at)) products_.resize(static_cast<size_t>(at) + 1);
      products_[static_cast<size_t>(at)].push_back(n.name);
    }
    depth_[static_cast<size_t>(id)] = product ? at + 1 : at;
    for (ValueId v : n.outputs)
      if (v != k_none) reached[v] = depth_[static_cast<size_t>(id)];
  }
}

int Stages::depth(NodeId id) const { return depth_[static_cast<size_t>(id)]; }

void Stages::set_constant(const std::string& product, size_t index, Tensor contents) {
  graph_.set_input(find(product), index, graph_.add_constant(product + "_rounded", std::move(contents)));
}

void Stages::shift(const std::string& product, Tensor after) {
  NodeId id = find(product);
  ValueId out = graph_.node(id).outputs[0];
  ValueId raw = graph_.add_value(product + "_unshifted", graph_.value(out).type);
  graph_.set_output(id, 0, raw);
  Node add{.op = "Add", .name = product + "_shift", .inputs = {raw, graph_.add_constant(product + "_shift", std::move(after))}, .outputs = {out}};
  NodeId made = graph_.add_node(std::move(add));
  depth_.resize(std::max(depth_.size(), static_cast<size_t>(made) + 1), 0);
  depth_[static_cast<size_t>(made)] = depth(id);
  graph_.sort();
}

void Stages::begin(int stage) {
  session_.reset();
  Graph part = graph_;
  std::vector<ValueId> inputs, outputs;
  std::set<std::string> kept;
  auto later = [&](ValueId v) {
    const auto& users = graph_.value(v).users;
    return std::any_of(users.begin(), users.end(), [&](NodeId u) { return depth(u) > stage; });
  };
  for (NodeId id : graph_.order()) {
    const Node& n = graph_.node(id);
    if (depth(id) == stage) {
      for (ValueId v : n.outputs)
        if (v != k_none && later(v)) outputs.push_back(v);
      for_inputs(n, [&](ValueId v) {
        NodeId p = graph_.value(v).producer;
        if (!graph_.constant_of(v) && (p == k_none || depth(p) != stage) && std::find(inputs.begin(), inputs.end(), v) == inputs.end())
          inputs.push_back(v);
      });
    }
    if (depth(id) <= stage)
      for (ValueId v : n.outputs)
        if (v != k_none && later(v)) kept.insert(graph_.value(v).name);
  }
  for (ValueId v : graph_.inputs)
    if (later(v)) kept.insert(graph_.value(v).name);
  kept_ = std::move(kept);
  if (outputs.empty()) return;
  part.outputs = outputs, part.inputs = inputs;
  for (NodeId id : graph_.order())
    if (depth(id) != stage) part.remove_node(id);
  part.remove_dead();
  runtime::SessionOptions options;
  options.threads = threads_;
  session_ = std::make_unique<runtime::Session>(part, options);
}

void Stages::run(runtime::Named& held, Control* control) const {
  runtime::Named made;
  if (session_) {
    runtime::Named inputs;
    for (const runtime::Port& p : session_->inputs())
      if (auto it = held.find(p.name); it != held.end()) inputs.insert(*it);
    runtime::RunOptions options;
    options.control = control;
    made = session_->run(inputs, options);
  }
  std::erase_if(held, [&](const auto& e) { return !kept_.contains(e.first); });
  for (auto& [name, value] : made) held.insert_or_assign(name, std::move(value));
}

int64_t bytes_of(const runtime::Named& values) {
  int64_t sum = 0;
  for (const auto& [name, value] : values)
    if (value.is_tensor()) sum += value.tensor.bytes();
  return sum;
}

}  // namespace mo::quantize
