// The plain interpreter: runs a graph node by node with the reference kernels. Slow and simple; the truth that plans are checked against.
#pragma once
#include "ops/op.h"

namespace mo::ops {

struct InterpretOptions {
  int threads = 1;
  Random* random = nullptr;    // of random operators; a stream of its own, seeded with 0, when null
  Control* control = nullptr;  // checked before every node
  // Called after each node of the outermost graph with the node's outputs (calibration, comparison of plans).
  std::function<void(graph::NodeId, std::span<const Datum> outputs)> observe;
};

// Runs `g` on `inputs`, given in the order of g.inputs. A none or missing datum takes the input's default (an initializer of the same value);
// an input of optional type may be none. Returns the graph's outputs in order. Errors name the node.
std::vector<Datum> interpret(const Graph& g, std::span<const Datum> inputs, const InterpretOptions& options = {});

// Runs one node on `inputs` (in the order of node.inputs). Nodes with subgraphs are run with `outer` supplying captured values by id of the
// enclosing graph; it may be empty when nothing is captured.
std::vector<Datum> interpret_node(const Node& node, std::span<const Datum> inputs, const InterpretOptions& options = {},
                                  const std::function<Datum(graph::ValueId)>& outer = {});

}  // namespace mo::ops
