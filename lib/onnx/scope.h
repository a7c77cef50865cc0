// Names visible while a graph or a function body is decoded.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"

namespace mo::onnx {

using OpsetMap = std::unordered_map<std::string, int64_t>;  // domain -> opset
using Attributes = std::vector<std::pair<std::string, graph::AttrValue>>;

// A graph has a scope whose parent is the enclosing one; a function body has a scope without parent that fills its caller's graph.
struct Scope {
  graph::Graph* graph = nullptr;
  Scope* parent = nullptr;
  bool function = false;
  const OpsetMap* versions = nullptr;
  const Attributes* arguments = nullptr;  // in a function body: what ref_attr_name refers to
  std::string prefix;                     // of node names in an inlined body
  int64_t depth = 0;
  std::unordered_map<std::string, graph::ValueId> names;
  std::vector<std::pair<graph::NodeId, int64_t>>* pending = nullptr;  // nodes to upgrade once types are known, with their opset
};

// The value `name` stands for, captured from enclosing graphs where it is theirs; k_none when nobody knows it.
// Inside a function body a formal input that was not given resolves to `k_absent`.
inline constexpr graph::ValueId k_absent = -2;
graph::ValueId resolve(Scope& scope, const std::string& name);

}  // namespace mo::onnx
