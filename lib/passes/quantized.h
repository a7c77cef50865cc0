// Reading of QuantizeLinear and DequantizeLinear nodes by passes.
#pragma once
#include "passes/match.h"

namespace mo::passes {

// An 8-bit tensor with one constant scale (and zero point) for all of it.
struct Quantized {
  ValueId data = k_none, scale = k_none, zero = k_none;
};

// v = DequantizeLinear(8-bit data, one scale): what it reads. `data` may be a constant.
std::optional<Quantized> dequantized(const Graph& g, ValueId v);
// The same when node `id` is a QuantizeLinear to 8 bits; `data` is its input.
std::optional<Quantized> quantizer(const Graph& g, NodeId id);
bool same_parameters(const Graph& g, const Quantized& a, const Quantized& b);

// The float contents of a constant, or of a DequantizeLinear of constants (any granularity but blocks); empty when it is neither.
Tensor float_constant(const Graph& g, ValueId v);

}  // namespace mo::passes
