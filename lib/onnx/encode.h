// From Graph to GraphProto; the constants of the main graph are left to the writer, which streams them.
#pragma once
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"
#include "onnx/write.h"

namespace onnx {
class GraphProto;
}

namespace mo::onnx {

struct Initializer {
  std::string name;
  const Tensor* tensor;
};

// Fills `proto` and returns what belongs into its initializer list, in the order of value ids.
std::vector<Initializer> encode_main_graph(const graph::Graph& g, const WriteOptions& options, ::onnx::GraphProto& proto);

}  // namespace mo::onnx
