// Conversion to float16 or bfloat16, sensitive operators kept in float32.
#pragma once
#include <functional>

#include "quantize/quantize.h"
#include "quantize/select.h"

namespace mo::quantize {

// Rewrites result.model: nodes that bear it compute in `dtype`, Casts stand at the borders, inputs and outputs of the model keep their
// types. Kept in float32, with the reason in result.nodes: operators that sum many terms or exponentiate (normalisations, Softmax,
// reductions, recurrent nets, control flow), nodes with constants beyond the type's range, and what such constants reach (attention masks).
// `refuse` says why a node shall stay as it is, or nothing.
void convert_float(Result& result, DType dtype, const std::function<std::string(const graph::Node&)>& refuse, Control* control);

// The nodes of a scheme whose form is fp16 or bf16; others are left as they are.
void convert_some(Result& result, const Scheme& scheme);

}  // namespace mo::quantize
