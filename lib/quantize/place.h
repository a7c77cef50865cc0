// Rewrites the static nodes of a scheme into their Q/DQ form.
#pragma once
#include "quantize/matrix.h"
#include "quantize/quantize.h"

namespace mo::quantize {

using Learned = std::map<std::string, Rounded>;  // by node name: weights rounded beforehand

struct Placement {
  int64_t weights = 0, activations = 0;
  std::vector<std::string> warnings;
};

// The graph stays sorted and valid.
//   x -> Conv(w, b) -> y        =>   x -> Q -> DQ -> Conv(DQ(wq), DQ(bq)) -> y -> Q -> DQ
// Readers that stay in float read the float value when a float node makes it, else the dequantized one.
Placement place(graph::Graph& g, const Scheme& scheme, const Learned& learned);

// The bias of a product that becomes int32 when its input is quantized with integers; empty when it has none.
Tensor integer_bias(const graph::Graph& g, const graph::Node& n, const WeightForm& form);
// The lowest scale of each channel (or of all) at which that bias fits; empty when nothing asks for one.
std::vector<float> lowest_weight_scales(const graph::Graph& g, const graph::Node& n, const WeightForm& form, float x_scale);

}  // namespace mo::quantize
