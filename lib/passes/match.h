// Small questions and steps of pattern passes.
#pragma once
#include <optional>

#include "graph/graph.h"

namespace mo::passes {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

// The number that a constant of one element holds.
std::optional<float> scalar(const Graph& g, ValueId v);
bool is_scalar(const Graph& g, ValueId v, float wanted, float tolerance = 1e-4f);  // relative

// The node that makes `v` if it is `op` and nothing else reads `v`.
NodeId only(const Graph& g, ValueId v, std::string_view op, std::string_view domain = "");
// Of a node with two inputs: the one that is not `v`; k_none when `v` is neither or both.
ValueId other_input(const Node& n, ValueId v);
// Splits the inputs of a commutative node into a scalar constant and the rest.
struct WithScalar {
  ValueId rest = k_none;
  float value = 0;
};
std::optional<WithScalar> with_scalar(const Graph& g, const Node& n);

// Makes node `id` another operator in place: its outputs and its position stay. Origins of `id` and of `swallowed` are recorded.
void become(Graph& g, NodeId id, std::string op, std::string domain, std::vector<ValueId> inputs,
            std::vector<std::pair<std::string, graph::AttrValue>> attributes, std::span<const NodeId> swallowed);

bool is_float(const Graph& g, ValueId v);               // float32 tensor
bool same_shape(const Graph& g, ValueId a, ValueId b);  // provably: sizes or symbols of all axes agree
// The attributes of a Conv (or QLinearConv: weights are input 3) with auto_pad turned into pads; empty when the sizes that takes are not known.
std::vector<std::pair<std::string, graph::AttrValue>> explicit_pads(const Graph& g, const Node& conv);
std::vector<int64_t> perm_of(const Graph& g, const Node& transpose);  // explicit; empty when the rank is unknown

}  // namespace mo::passes
