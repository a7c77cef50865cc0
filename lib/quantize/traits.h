// What quantization must know about an operator: where its data and weights are, and whether it can carry 8-bit data.
#pragma once
#include <optional>
#include <string_view>

#include "graph/graph.h"

namespace mo::quantize {

enum class Role {
  none,      // computes in float; its 8-bit inputs are dequantized first
  compute,   // products with constant weights: the reason to quantize (Conv, Gemm, MatMul ...)
  combine,   // elementwise or pooling arithmetic that integer kernels do: worth it between compute nodes (Add, Concat, AveragePool ...)
  move,      // moves elements of input 0 unchanged: output and input share scale and zero point
  activate,  // Relu, Clip ...: swallowed by the step that makes its input when that has no other reader
  table,     // looked up by index (Gather of a constant)
};

Role role_of(const graph::Node& node);

// Of a compute or table node: which input holds the weights, and the axis of its output channels.
struct WeightPlace {
  size_t input;
  int64_t axis;
};
std::optional<WeightPlace> weight_of(const graph::Graph& g, const graph::Node& node);
std::optional<size_t> bias_of(const graph::Node& node);    // input that may become int32
std::vector<size_t> data_inputs(const graph::Node& node);  // activations that a compute, combine or move node reads

bool is_recurrent(const graph::Node& node);  // LSTM, GRU, RNN: weights in inputs 1 and 2
// An LSTM that the operator DynamicQuantizeLSTM can stand for.
bool has_dynamic_lstm(const graph::Graph& g, const graph::Node& node);
// MatMul of two float32 activations, as attention has them.
bool is_product_of_activations(const graph::Graph& g, const graph::Node& node);

}  // namespace mo::quantize
