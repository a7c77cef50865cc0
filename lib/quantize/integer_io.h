// Models that take and give integers.
#pragma once
#include "quantize/quantize.h"

namespace mo::quantize {

// which: inputs, outputs, both. Float inputs and outputs that have Q/DQ become integer ones of the same name; their scale and zero point are
// written to the model's metadata as "mo.scale.NAME" and "mo.zero_point.NAME". Others stay, with a warning.
void integer_io(Result& result, const std::string& which);

}  // namespace mo::quantize
