// Rewrites the nodes of a scheme that are not static: weights stored in integers, activations quantized at run time; subgraphs too.
#pragma once
#include "quantize/place.h"
#include "quantize/store.h"

namespace mo::quantize {

// format: qdq or matmul_nbits (for weights in blocks of 2, 4 and 8 bits).
//   weight_only        MatMul(x, w)  =>  MatMul(x, DequantizeLinear(q))  or  MatMulNBits(x, q)
//   dynamic            MatMul(x, w)  =>  Cast(MatMulInteger(DynamicQuantizeLinear(x), q)) * (x_scale * w_scale)
//   weight_only_int8_inputs  MatMulNBits that may round x to 8 bits (accuracy_level 4)
//   dynamic_per_token  the same, with one scale and zero point per vector of x along its last axis
Placement rewrite(graph::Graph& g, const Scheme& scheme, const Learned& learned, const std::string& format);

// Gather(table)  =>  DequantizeLinear(Gather(q)); one scale per row: Cast(Gather(q)) * Gather(scale). Only rows that are read are dequantized.
void store_table(graph::Graph& g, Store& store, graph::NodeId id, const WeightForm& form);

}  // namespace mo::quantize
