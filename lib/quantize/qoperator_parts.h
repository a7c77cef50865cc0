// What integer operators are made of in a Q/DQ graph: the integers behind a DequantizeLinear and in front of a QuantizeLinear.
#pragma once
#include <optional>

#include "graph/graph.h"

namespace mo::quantize {

struct Part {
  graph::ValueId data, scale, zero;
};

// What a DequantizeLinear that makes `v` reads, 8 bits wide; its zero point made explicit, as the integer operators want it.
std::optional<Part> operand(graph::Graph& g, graph::ValueId v);

// The int32 constant that a DequantizeLinear makes `v` from; k_none when it is something else.
graph::ValueId integer_bias(const graph::Graph& g, graph::ValueId v);

struct Target {
  graph::ValueId q;  // the integers that the chain ends in
  Part parameters;   // without data
  DType dtype;
  std::vector<graph::NodeId> swallowed;
};

// v -> (Relu | Clip)* -> QuantizeLinear to 8 bits, where the range implies the activations.
std::optional<Target> target(const graph::Graph& g, graph::ValueId v);

// Node `id` and what `t` swallows become one integer operator that makes t.q.
void become_integer(graph::Graph& g, graph::NodeId id, const char* op, const char* domain, std::vector<graph::ValueId> inputs, const Target& t,
                    std::vector<std::pair<std::string, graph::AttrValue>> attributes);

// Products, sums, activations, pools and joins of what is dequantized to operators of com.microsoft that ONNX Runtime 1.31 runs on processors:
// QGemm, MatMulIntegerToFloat, QLinearAdd, QLinearMul, QLinearConcat, QLinearWhere, QLinearSigmoid, QLinearLeakyRelu, QLinearAveragePool,
// QLinearGlobalAveragePool. Returns how many nodes changed.
int to_microsoft_operators(graph::Graph& g);

}  // namespace mo::quantize
