// A cone: the nodes between some values of a graph and the results of one node, as a graph of its own.
#pragma once
#include <functional>
#include <optional>

#include "graph/graph.h"

namespace mo::plan {

struct Cone {
  graph::Graph graph;                  // its inputs are the leaves, its outputs the results
  std::vector<graph::ValueId> leaves;  // in the source, in the order of graph.inputs
  std::vector<graph::ValueId> values;  // of the source, all that became values of `graph`
};

// The cone of `results` in `source`: what makes them, back to what `known` has contents of and to values that `is_leaf` says so of. Nothing where something else is
// met on the way (an input, a node with subgraphs), or too many nodes.
std::optional<Cone> cone_of(const graph::Graph& source, std::span<const graph::ValueId> results,
                            const std::function<const Tensor*(graph::ValueId)>& known, const std::function<bool(graph::ValueId)>& is_leaf);

// Equal but for names and for what the leaves are. Ids of equal cones are equal.
bool same_form(const Cone& a, const Cone& b);

bool same_attributes(const graph::Node& a, const graph::Node& b);  // and the same operator
bool same_node(const graph::Node& a, const graph::Node& b);        // and the same inputs and outputs by id
bool same_constant(const Tensor& a, const Tensor& b);              // as identical(), quick where storage is shared

}  // namespace mo::plan
