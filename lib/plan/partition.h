// Splits a graph into what can be planned now (all shapes static), what runs with shapes found on the way, and the tail worth a plan of its own.
#pragma once
#include <string>
#include <vector>

#include "graph/graph.h"

namespace mo::plan {

// A tensor whose memory can be laid out before running.
bool plannable(const graph::Type& type);

struct Partition {
  std::vector<graph::NodeId> planned;  // everything about them is static
  std::vector<graph::NodeId> loose;    // run one by one, outputs allocated as they come
  std::vector<graph::NodeId> tail;     // expensive nodes behind loose ones and what follows: planned when their shapes are known
};
Partition partition(const graph::Graph& g);

// Graph inputs (positions) that are small integer tensors whose contents decide shapes before expensive nodes.
std::vector<int> shape_deciding_inputs(const graph::Graph& g, const Partition& parts);

// A tail as a graph of its own. Inputs: `crossing` values of `g`, in that order. Outputs: those of g's first `output_count` outputs that
// it makes, positions in `made`.
struct Tail {
  graph::Graph graph;
  std::vector<graph::ValueId> crossing;
  std::vector<int> made;
};
Tail extract_tail(const graph::Graph& g, const std::vector<graph::NodeId>& nodes, size_t output_count);

}  // namespace mo::plan
