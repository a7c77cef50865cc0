// Weights whose range or rounding is learned from samples, layer by layer.
#pragma once
#include <map>
#include <set>
#include <string>

#include "quantize/place.h"

namespace mo::quantize {

// Rounds what the scheme wants rounded by gptq or adaround, or ranged by the squared error in fewer than 8 bits, by what the calibration's kept
// samples look like there. `corrected`: nodes whose bias takes the mean error away afterwards. With options.rounding_inputs "quantized" a product sees what
// the rounded products before it give, and is aimed at what the float net has there; samples in flight take at most about a gigabyte, fewer are used
// where they would not fit. Empty when nothing learns or no samples are kept (a warning says so where roundings were wanted).
Learned learn(const graph::Graph& graph, const Scheme& scheme, const std::set<std::string>& corrected, const Calibration* calibration,
              const Options& options, Result& result, Control* control);

}  // namespace mo::quantize
