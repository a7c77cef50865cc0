// Rewrites the static nodes of a scheme into their Q/DQ form.
#pragma once
#include "quantize/matrix.h"
#include "quantize/quantize.h"

namespace mo::quantize {

using Moments = std::map<std::string, InputMoments>;  // by node name

struct Placement {
  int64_t weights = 0, activations = 0;
  std::vector<std::string> warnings;
};

// The graph stays sorted and valid.
//   x -> Conv(w, b) -> y        =>   x -> Q -> DQ -> Conv(DQ(wq), DQ(bq)) -> y -> Q -> DQ
// Readers that stay in float read the float value when a float node makes it, else the dequantized one.
Placement place(graph::Graph& g, const Scheme& scheme, const Moments& moments);

}  // namespace mo::quantize
