// Resolution of names through enclosing scopes, making captures on the way.
#include "onnx/scope.h"

namespace mo::onnx {

using graph::ValueId;

ValueId resolve(Scope& scope, const std::string& name) {
  if (auto it = scope.names.find(name); it != scope.names.end()) return it->second;
  if (!scope.parent) return graph::k_none;
  ValueId outer = resolve(*scope.parent, name);
  if (outer < 0) return outer;
  // A new value in this graph stands for the outer one.
  const graph::Value& source = scope.parent->graph->value(outer);
  ValueId inner = scope.graph->add_value(name, source.type);
  scope.graph->captures.push_back({outer, inner});
  scope.names.emplace(name, inner);
  return inner;
}

}  // namespace mo::onnx
