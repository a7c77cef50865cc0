// Inference, cost and checks that many operators share.
#pragma once
#include "ops/op.h"

namespace mo::ops {

// --- inference
void infer_same(Infer& c);            // output 0 has the type of input 0
void infer_same_as_bool(Infer& c);    // its shape, bool
void infer_broadcast(Infer& c);       // all inputs of one dtype, broadcast
void infer_broadcast_bool(Infer& c);  // the same with a bool result
// The dtype attribute `name` (an ONNX number), `fallback` when absent; throws Code::type on a number that is no dtype.
DType dtype_attribute(const Node& node, std::string_view attribute, DType fallback);
// Dims of a tensor type of unknown sizes.
std::vector<Dim> unknown_dims(int64_t rank);
std::vector<Dim> dims_of(std::span<const int64_t> shape);

// --- run-time checks
void require_same_dtype(const Run& c, size_t a, size_t b);
// The only element of input i (any shape of one element), as an integer or a number; throws Code::shape otherwise.
int64_t scalar_integer(const Run& c, size_t i);
double scalar_number(const Run& c, size_t i);
// Integers of a rank-0 or rank-1 integer input.
std::vector<int64_t> integer_list(const Run& c, size_t i);
// All elements of an int32 or int64 input of any shape.
std::vector<int64_t> index_values(const Run& c, size_t i);
// An index that may count from the end, brought to 0..size-1; throws Code::shape outside.
inline int64_t normal_index(int64_t index, int64_t size) {
  require(index >= -size && index < size, Code::shape, "index ", index, " outside [", -size, ", ", size - 1, "]");
  return index < 0 ? index + size : index;
}
// Axes brought to 0..rank-1; throws Code::shape outside or when repeated.
std::vector<int64_t> normal_axes(std::span<const int64_t> axes, int64_t rank);
// Row-major strides in elements.
std::vector<int64_t> strides_of(std::span<const int64_t> shape);
// Product of shape[from..to).
int64_t product(std::span<const int64_t> shape, size_t from, size_t to);

// --- cost: N flops an output element
template <int N>
Cost elementwise_cost(const CostQuery& q) {
  Cost cost;
  if (!q.outputs.empty() && q.outputs[0].is_static()) cost.flops = N * element_count(q.outputs[0].shape());
  return cost;
}
// One flop an element of input 0 (reductions, scans).
Cost cost_per_input(const CostQuery& q);

// The lowest opset for OpDef::since plus what the dtypes of the inputs ask for (bfloat16, 8- and 4-bit floats ... came later).
int since_dtypes(const Node& node, std::span<const Type> inputs);

}  // namespace mo::ops
