// QLinearConcat of com.microsoft: 8-bit tensors, each with a scale and zero point of its own, joined along an axis in those of the result.
#include "ops/qlinear.h"

namespace mo::ops {
namespace {

// y_scale, y_zero_point, then data, scale and zero point of each part
size_t parts_of(size_t inputs) {
  require(inputs >= 5 && (inputs - 2) % 3 == 0, Code::format, inputs, " inputs, wants 2 and 3 for each part");
  return (inputs - 2) / 3;
}

void infer(Infer& c) {
  const size_t parts = parts_of(c.inputs());
  std::vector<Type> in;
  for (size_t k = 0; k < parts; ++k) {
    qlinear_dtype(c, 4 + 3 * k, 2 + 3 * k);
    in.push_back(c.has(2 + 3 * k) ? c.input(2 + 3 * k) : Type::tensor(DType::undefined));
    in.back().dtype = c.dtype(1);
  }
  Node join{.op = "Concat", .attributes = {{"axis", c.node.i("axis", 0)}}};
  for (size_t k = 0; k < parts; ++k) join.inputs.push_back(static_cast<graph::ValueId>(k));
  join.outputs = {static_cast<graph::ValueId>(parts)};
  Type out[1];
  Infer inner(join, in, {}, out);
  find("Concat", "")->infer(inner);
  c.output() = std::move(out[0]);
}

void run(Run& c) {
  std::vector<Tensor> parts;
  for (size_t k = 0; k < parts_of(c.inputs()); ++k) parts.push_back(real_input(c, 2 + 3 * k));
  quantized_output(c, result_of("Concat", parts, {{"axis", c.node.i("axis", 0)}}), 0, 2);
}

}  // namespace

extern const OpDef ms_qlinear_concat{
    .name = "QLinearConcat", .domain = "com.microsoft", .min_inputs = 5, .max_inputs = -1, .infer = infer, .run = run, .since = 1};

}  // namespace mo::ops
