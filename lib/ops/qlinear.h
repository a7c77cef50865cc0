// What the QLinear operators of com.microsoft share: 8-bit operands of one scale each, taken as real numbers, and a result rounded to 8 bits.
#pragma once
#include "ops/op.h"

namespace mo::ops {

using Attributes = std::vector<std::pair<std::string, graph::AttrValue>>;

// Input `data` as float32: (q - zero point) * scale, whose scale and zero point are the inputs behind it.
Tensor real_input(Run& c, size_t data);
// Output 0: `real` in steps of input `scale`, around the zero point behind it; without one it is 0 of the dtype of input `like`.
void quantized_output(Run& c, const Tensor& real, size_t scale, size_t like);
// What the standard operator `op` makes of `inputs` (empty ones are absent), by its reference kernel.
Tensor result_of(const char* op, std::span<const Tensor> inputs, Attributes attributes = {});

// dtype of a result whose zero point is input `zero`: that of input `like` where there is none. Throws Code::type for data of other than 8 bits.
DType qlinear_dtype(const Infer& c, size_t zero, size_t like);

// Inference and reference of an operator of one operand (X, its scale and zero point, those of the result) that keeps the shape.
void infer_qlinear_unary(Infer& c);
void run_qlinear_unary(Run& c, const char* op, Attributes attributes = {});
// The same of two operands that broadcast: A, B, then the result, each with scale and zero point.
void infer_qlinear_binary(Infer& c);
void run_qlinear_binary(Run& c, const char* op);

}  // namespace mo::ops
