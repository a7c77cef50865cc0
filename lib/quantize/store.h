// Constants in their quantized form inside a graph: one form of one constant exists once, however many nodes read it.
#pragma once
#include <string>
#include <vector>

#include "graph/graph.h"
#include "quantize/matrix.h"
#include "quantize/weights.h"

namespace mo::quantize {

// channel_axis: of the node's output channels, which are the rows of `learned`; that is taken instead of rounding here when given. Scale: [], [rows] or, in blocks, the weights'
// shape with the other axis divided. Code::invalid_argument for blocks of weights that are no matrix.
QuantizedTensor encode_tensor(const Tensor& weights, const WeightForm& form, int64_t channel_axis, std::span<const float> min_scale,
                              const Rounded* learned);

// Codes of the matrix of a node's channels by inputs, one range in all where form.axis is -1.
Codes encode_rows(const Matrix& weights, const WeightForm& form, std::span<const float> min_scale, const InputMoments* moments);

class Store {
 public:
  explicit Store(graph::Graph& g) : g_(g) {}

  struct Entry {
    graph::ValueId values, scale, zero_point, dequantized;  // zero_point: k_none when all are 0
  };
  // q and DequantizeLinear(q); `form` says axis and block. always_zero_point: also when it is zeros (ONNX Runtime's Gemm asks for one).
  Entry dequantized(graph::ValueId constant, const QuantizedTensor& q, const WeightForm& form, bool always_zero_point = false);
  // Without the DequantizeLinear (dequantized is k_none).
  Entry integers(graph::ValueId constant, const QuantizedTensor& q);
  int64_t count() const { return count_; }  // constants stored

 private:
  struct Known {
    graph::ValueId constant;
    QuantizedTensor q;
    Entry entry;
  };
  graph::Graph& g_;
  std::vector<Known> known_;
  int64_t count_ = 0;
};

// axis and block_size of a DequantizeLinear.
void set_dequantize_axis(graph::Node& node, const WeightForm& form);

// Adds a node with one output of `dtype` called `name`; returns the output. The node itself has no name: names are a good part of a small file.
graph::ValueId add_node(graph::Graph& g, const char* op, const std::string& name, std::vector<graph::ValueId> inputs, DType dtype,
                        const graph::Type& like, std::vector<std::pair<std::string, graph::AttrValue>> attributes = {});

}  // namespace mo::quantize
