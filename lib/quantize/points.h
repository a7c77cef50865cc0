// Which values are quantized: the decision that calibration (what to watch) and placement (where Q/DQ go) share.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>

#include "graph/graph.h"

namespace mo::quantize {

struct Points {
  std::set<graph::NodeId> quantized;                // compute, combine, move and table nodes that will run on integers
  std::set<graph::ValueId> values;                  // activations that get Q/DQ
  std::map<graph::ValueId, graph::ValueId> shares;  // output of a moving node -> the value whose scale it takes over
  std::map<graph::NodeId, std::string> reasons;     // compute nodes left in float, and why
};

struct PointOptions {
  bool attention = false;  // products of two activations are quantized too
  bool outputs = false;    // the model's outputs are wanted as integers
};

// `wanted(node)`: empty when the node may be quantized, else the reason why not (excluded by name ...).
// Compute nodes with constant weights are quantized; what lies between them (combine, move) carries integers when its result is needed
// as integers; everything else stays in float, and so do the inputs of those.
Points choose_points(const graph::Graph& g, const std::function<std::string(const graph::Node&)>& wanted, const PointOptions& options = {});

// The value that holds the result of `v` after the activation that the producing step swallows (Conv -> Relu: the Relu's output).
graph::ValueId after_activation(const graph::Graph& g, graph::ValueId v);

}  // namespace mo::quantize
