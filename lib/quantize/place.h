// Rewrites a float graph into its Q/DQ form.
#pragma once
#include "quantize/points.h"
#include "quantize/quantize.h"

namespace mo::quantize {

struct Placement {
  int64_t weights = 0, activations = 0;
  std::vector<std::string> warnings;
};

// scales: of every value in points.values (values that share one have it too). The graph stays sorted and valid.
//   x -> Conv(w, b) -> y        =>   x -> Q -> DQ -> Conv(DQ(wq), DQ(bq)) -> y -> Q -> DQ
// Readers that stay in float read the float value when a float node makes it, else the dequantized one.
Placement place(graph::Graph& g, const Points& points, const std::map<graph::ValueId, Scale>& scales, const Options& options);

}  // namespace mo::quantize
