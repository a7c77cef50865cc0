// What the QLinear operators of com.microsoft share: 8-bit operands of one scale each, taken as real numbers, and a result rounded to 8 bits.
#include "ops/qlinear.h"

#include "ops/quantized.h"

namespace mo::ops {

namespace {

Tensor single(Run& c, size_t i, const char* what) {
  require(c.in(i).size() == 1, Code::shape, what, " has shape ", c.in(i).shape(), ", wants one element");
  return c.in(i).reshaped({});
}

void require_8bit(DType d, size_t i) { require(is_8bit(d), Code::type, "input ", i, " is ", name(d), ", wants int8 or uint8"); }

}  // namespace

Tensor result_of(const char* op, std::span<const Tensor> inputs, Attributes attributes) {
  Node n{.op = op, .name = op, .attributes = std::move(attributes)};
  std::vector<Datum> data(inputs.begin(), inputs.end());
  std::vector<const Datum*> in;
  for (size_t i = 0; i < data.size(); ++i) {
    n.inputs.push_back(data[i].is_none() ? graph::k_none : static_cast<graph::ValueId>(i));
    in.push_back(&data[i]);
  }
  n.outputs = {static_cast<graph::ValueId>(data.size())};
  Datum out[1];
  Run run(n, in, out);
  find(op, "")->run(run);
  return out[0].tensor;
}

Tensor real_input(Run& c, size_t data) {
  require_8bit(c.dtype(data), data);
  const Tensor parts[] = {c.in(data), single(c, data + 1, "scale"), c.has(data + 2) ? single(c, data + 2, "zero point") : Tensor()};
  return result_of("DequantizeLinear", parts);
}

void quantized_output(Run& c, const Tensor& real, size_t scale, size_t like) {
  const Tensor zero = c.has(scale + 1) ? single(c, scale + 1, "zero point") : Tensor::zeros(c.dtype(like), {});
  require_8bit(zero.dtype(), scale + 1);
  const Tensor parts[] = {real, single(c, scale, "scale"), zero};
  c.out(0, Datum(result_of("QuantizeLinear", parts)));
}

DType qlinear_dtype(const Infer& c, size_t zero, size_t like) {
  const DType data = c.dtype(like), dtype = c.has(zero) ? c.dtype(zero) : data;
  if (data != DType::undefined) require_8bit(data, like);
  if (dtype != DType::undefined) require_8bit(dtype, zero);
  return dtype;
}

void infer_qlinear_unary(Infer& c) {
  const DType dtype = qlinear_dtype(c, 4, 0);
  if (c.rank() < 0) c.set_unranked(0, dtype);
  else c.set(0, dtype, c.input(0).dims);
}

void run_qlinear_unary(Run& c, const char* op, Attributes attributes) {
  const Tensor x[] = {real_input(c, 0)};
  quantized_output(c, result_of(op, x, std::move(attributes)), 3, 0);
}

void infer_qlinear_binary(Infer& c) {
  const DType dtype = qlinear_dtype(c, 7, 0);
  if (c.rank(0) < 0 || c.rank(3) < 0) c.set_unranked(0, dtype);
  else c.set(0, dtype, broadcast_dims(c.input(0).dims, c.input(3).dims));
}

void run_qlinear_binary(Run& c, const char* op) {
  const Tensor operands[] = {real_input(c, 0), real_input(c, 3)};
  quantized_output(c, result_of(op, operands), 6, 0);
}

}  // namespace mo::ops
