// Conversion between any two dtypes that Cast knows, strings included; shared by Cast and CastLike.
#pragma once
#include "ops/helpers.h"

namespace mo::ops {

// Fills output 0 with input 0 as dtype `to`, under the node's `saturate` and `round_mode`.
void run_cast(Run& c, DType to);
// The opset that taught Cast (and CastLike) this dtype.
int cast_since(DType dtype);
// The opset that taught it the attributes that this node has.
int cast_attributes_since(const Node& node);

}  // namespace mo::ops
