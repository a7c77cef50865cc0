// Scan of opset 8 had a batch axis: it becomes a Scan over the batch whose body is today's Scan over the sequence.
//   Scan-8<body, n>(, states, inputs)  =>  Scan<outer, all>(states, inputs),  outer: (s, x) -> Scan<body, n>(s, x)
#include <memory>

#include "base/error.h"
#include "onnx/legalize/legalize.h"

namespace mo::onnx {

using graph::Graph;
using graph::GraphPtr;
using graph::k_none;
using graph::Node;
using graph::Type;
using graph::ValueId;

bool upgrade_scan(Upgrade& u) {
  Node& n = u.node;
  require(n.input(0) == k_none, Code::unsupported, "Scan of opset 8 with sequence_lens");
  const GraphPtr* body = n.subgraph("body");
  require(body != nullptr, Code::format, "Scan without a body");
  require((*body)->captures.empty(), Code::unsupported, "Scan of opset 8 whose body reads outer values");
  int64_t scanned = n.i("num_scan_inputs", 0);
  std::vector<ValueId> outer_inputs(n.inputs.begin() + std::min<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(n.inputs.size())), n.inputs.end());

  auto outer = std::make_shared<Graph>();
  outer->name = "batch";
  Node inner;
  inner.op = "Scan";
  inner.name = n.name + "/sequence";
  inner.set("body", *body);
  inner.set("num_scan_inputs", scanned);
  if (n.has("directions")) inner.set("scan_input_directions", n.ints("directions"));
  for (size_t i = 0; i < outer_inputs.size(); ++i) {
    ValueId v = outer->add_value(text("in_", i));
    outer->inputs.push_back(v);
    inner.inputs.push_back(v);
  }
  for (size_t i = 0; i < (*body)->outputs.size(); ++i) {
    ValueId v = outer->add_value(text("out_", i));
    outer->outputs.push_back(v);
    inner.outputs.push_back(v);
  }
  outer->add_node(std::move(inner));
  n.attributes.clear();
  n.set("body", GraphPtr(outer));
  n.set("num_scan_inputs", static_cast<int64_t>(outer_inputs.size()));
  n.inputs = std::move(outer_inputs);
  return true;
}

}  // namespace mo::onnx
