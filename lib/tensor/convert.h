// Conversion of elements between numeric dtypes, one by one and in bulk.
#pragma once
#include "tensor/dtype.h"

namespace mo {

// Any real numeric dtype or bool; complex and string throw Code::type.
double load_number(DType dtype, const void* data, int64_t index);
int64_t load_integer(DType dtype, const void* data, int64_t index);  // floats truncated, saturated at the ends of int64
void store_number(DType dtype, void* data, int64_t index, double value);

// ONNX Cast semantics: floats to integers truncate (out of range: wraps as two's complement of the truncated value where it fits in int64,
// else saturates), to narrow floats round to nearest even; 8-bit floats saturate when `saturate`.
void convert_elements(DType from, const void* src, DType to, void* dst, int64_t count, bool saturate = true);

}  // namespace mo
