// Brings nodes of older opsets (and common com.microsoft ones) to the newest standard form, so that nothing else knows old forms.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace mo::onnx {

// One node on its way to the newest form. An upgrader edits `node` (operator, attributes, inputs; never the number or order of its
// outputs beyond cutting them) and may put helper nodes and constants in front of it.
class Upgrade {
 public:
  Upgrade(graph::Graph& g, graph::Node& n, bool last_chance) : node(n), last_chance_(last_chance), graph_(g) {}

  graph::Node& node;

  // The dtype or rank of an input as far as known; an upgrader that wants more returns false, and is asked again after inference.
  DType dtype(size_t input) const;
  int64_t rank(size_t input) const;
  const Tensor* constant(size_t input) const;  // contents of a constant input, else null
  bool last_chance() const { return last_chance_; }

  graph::ValueId ints(std::string_view what, std::vector<int64_t> values);  // a new int64[n] constant
  graph::ValueId add(std::string_view what, Tensor constant);
  // A scalar constant of the dtype of `like`, or a float32 one behind a CastLike when that dtype is not known.
  graph::ValueId scalar_like(std::string_view what, double value, size_t like);
  // A helper node in front; returns its only output.
  graph::ValueId emit(std::string op, std::vector<graph::ValueId> inputs, std::vector<std::pair<std::string, graph::AttrValue>> attributes = {});
  std::vector<graph::ValueId> emit_all(std::string op, std::vector<graph::ValueId> inputs, size_t outputs);  // the same with several outputs
  void set_input(size_t index, graph::ValueId value);
  // Takes an attribute away and hands it out.
  std::vector<int64_t> take_ints(std::string_view attribute);

  std::vector<graph::Node> helpers;  // in order, to go before the node

 private:
  std::string stem(std::string_view what) const;
  bool last_chance_;
  graph::Graph& graph_;
};

// False: types are missing, ask again later. On the last chance upgraders always succeed or throw.
using Upgrader = bool (*)(Upgrade&);

struct UpgradeRule {
  const char* op;
  const char* domain;
  int64_t below;  // applies to nodes whose opset version is lower
  Upgrader apply;
};
std::span<const UpgradeRule> upgrade_rules(std::string_view op, std::string_view domain);  // in the order to apply

// Brings `node`, not yet in the graph, to the newest form as far as types allow; true when done, else call upgrade_later once they are known.
bool upgrade_now(graph::Graph& g, graph::Node& node, int64_t version, bool last_chance, std::vector<graph::Node>& helpers);
// For nodes in the graph, after inference.
void upgrade_later(graph::Graph& g, std::span<const std::pair<graph::NodeId, int64_t>> nodes_and_versions);

}  // namespace mo::onnx
