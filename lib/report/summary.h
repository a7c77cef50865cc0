// What is in a model: counted over the graph and all its subgraphs.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace mo::report {

struct Summary {
  int64_t nodes = 0;
  std::map<std::string, int64_t> operators;       // "Conv" -> 53; other domains as "domain.Op"
  int64_t parameters = 0;                         // elements of floating-point and quantized weights
  int64_t parameter_bytes = 0;                    // of all constants, each shared storage once
  std::map<std::string, int64_t> bytes_by_dtype;  // "float32" -> bytes
  int64_t quantized_nodes = 0;                    // that read the result of a DequantizeLinear, or are integer operators
  int64_t macs = 0;                               // multiply-accumulates of one run
  bool macs_complete = true;                      // false: the shapes of `macs_unknown` nodes depend on data
  int64_t macs_unknown = 0;
  std::vector<std::string> free_axes;  // axes taken as 1 for the count: "input[0]"
};

Summary summarize(const graph::Model& model);

// What saving the model with default options would write.
struct Saved {
  std::string digest;  // "sha256:…" of those bytes
  int64_t bytes = 0;
};
Saved saved_form(const graph::Model& model);

}  // namespace mo::report
