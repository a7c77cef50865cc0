// Which weights keep 8 bits where fewer are asked for.
#pragma once
#include "quantize/decide.h"
#include "quantize/traits.h"

namespace mo::quantize {

// Convolutions of fewer than 64 inputs a channel (depthwise ones, the first of a net) and products of fewer than 16 outputs (scores of attention,
// classes): a scale takes about as much room as their narrow codes, and too few roundings average out.
bool few_weights(const graph::Graph& graph, const graph::Node& node, const WeightPlace& place);

// 8 bits, one scale a channel.
void widen(WeightForm& form);

// Mode weight_only: options.last_product for the products whose results become those of the model, what rounds them again being left out.
void widen_last(const graph::Graph& graph, const Calibration* calibration, const Options& options, Scheme& scheme, Control* control);

}  // namespace mo::quantize
