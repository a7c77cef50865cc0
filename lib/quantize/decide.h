// Options and statistics to a scheme.
#pragma once
#include "quantize/points.h"
#include "quantize/quantize.h"

namespace mo::quantize {

// Of a graph that prepare() made. Adds warnings to the result, and reads only its warnings.
Scheme decide(const graph::Graph& g, const Calibration* calibration, const Options& options, Result& result, Control* control);

// The points of a scheme's static nodes. Code::invalid_argument for names that the graph does not have.
Points points_of(const graph::Graph& g, const Scheme& scheme);

// The form of a node's weights as the options want it; none for nodes without constant weights.
std::optional<WeightForm> weight_form(const graph::Graph& g, const graph::Node& node, const Options& options);

DType activation_dtype(const Options& options);

// Options with everything that a backend fixes filled in; Code::invalid_argument where the caller's wishes contradict it.
Options for_backend(const Options& options, bool samples, Result& result);

}  // namespace mo::quantize
