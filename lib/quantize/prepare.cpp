// Simplification before quantization.
#include "quantize/prepare.h"

#include <algorithm>
#include <set>

#include "ops/op.h"
#include "passes/pass.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::NodeId;
using graph::ValueId;

// A constant that one body alone reads moves into it, where it can be quantized.
void sink_constants(const Graph& outer, Graph& body, NodeId reader) {
  for (auto it = body.captures.begin(); it != body.captures.end();) {
    const Tensor* t = outer.constant_of(it->outer);
    const auto& users = outer.value(it->outer).users;
    bool alone = t && !outer.is_input(it->outer) && !outer.is_output(it->outer) && users.size() == 1 && users[0] == reader;
    if (!alone) {
      ++it;
      continue;
    }
    body.value(it->inner).constant = *t;
    it = body.captures.erase(it);
  }
}

constexpr const char* k_named = "mo.named";  // metadata of nodes whose name was invented here

void name_nodes(Graph& g, std::set<std::string>& taken) {
  std::map<std::string, int> counters;
  for (NodeId id : g.order()) {
    std::string name = g.node(id).name;
    if (name.empty() || taken.contains(name)) {
      std::string stem = name.empty() ? g.node(id).op : name;
      do name = stem + "_" + std::to_string(counters[stem]++);
      while (taken.contains(name));
      g.edit(id).name = name;
      g.edit(id).metadata.emplace_back(k_named, "");
    }
    taken.insert(name);
  }
  for (NodeId id : std::vector<NodeId>(g.order()))
    for (const auto& [attribute, body] : graph::subgraphs(g.node(id))) {
      if (!g.node(id).subgraph(attribute)) continue;
      auto copy = std::make_shared<Graph>(*body);
      sink_constants(g, *copy, id);
      name_nodes(*copy, taken);
      g.set_subgraph(id, attribute, std::move(copy));
    }
  g.remove_dead();
}

}  // namespace

void drop_invented_names(Graph& g) {
  for (NodeId id : std::vector<NodeId>(g.order())) {
    const auto& m = g.node(id).metadata;
    if (std::any_of(m.begin(), m.end(), [](const auto& e) { return e.first == k_named; })) {
      g.edit(id).name.clear();
      std::erase_if(g.edit(id).metadata, [](const auto& e) { return e.first == k_named; });
    }
    for (const auto& [attribute, body] : graph::subgraphs(g.node(id))) {
      if (!g.node(id).subgraph(attribute)) continue;
      auto copy = std::make_shared<Graph>(*body);
      drop_invented_names(*copy);
      g.set_subgraph(id, attribute, std::move(copy));
    }
  }
}

graph::Model prepare(const graph::Model& model, bool fold_batch_norm) {
  graph::Model out = model;
  // Files of IR 3, and many later ones, list every weight among the inputs: a quantized model fixes them.
  std::erase_if(out.graph.inputs, [&](graph::ValueId v) { return out.graph.value(v).is_constant(); });
  std::vector<std::string> disabled;
  if (!fold_batch_norm) disabled.push_back("fold_batch_norm");
  passes::run(out.graph, passes::Stage::simplify, disabled);
  ops::infer_graph(out.graph);
  // Where nodes came from is for plans; in a file it would only be bytes.
  for (graph::NodeId id : out.graph.order())
    std::erase_if(out.graph.edit(id).metadata, [](const auto& entry) { return entry.first.starts_with("mo."); });
  std::set<std::string> taken;
  name_nodes(out.graph, taken);
  return out;
}

}  // namespace mo::quantize
