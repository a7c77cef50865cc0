// QLinear operators of ONNX Runtime's domain: QLinearX(q, scale, zero)  =>  QuantizeLinear(X(DequantizeLinear(q, scale, zero))), which plans run as integers.
#include <optional>

#include "base/error.h"
#include "onnx/legalize/legalize.h"

namespace mo::onnx {

using graph::AttrValue;
using graph::k_none;
using graph::ValueId;

namespace {

using Attributes = std::vector<std::pair<std::string, AttrValue>>;

ValueId dequantized(Upgrade& u, ValueId q, ValueId scale, ValueId zero, std::optional<int64_t> axis = {}) {
  std::vector<ValueId> inputs{q, scale};
  if (zero != k_none) inputs.push_back(zero);
  Attributes attributes;
  if (axis) attributes.emplace_back("axis", *axis);
  return u.emit("DequantizeLinear", std::move(inputs), std::move(attributes));
}

ValueId dequantized(Upgrade& u, size_t at) { return dequantized(u, u.node.input(at), u.node.input(at + 1), u.node.input(at + 2)); }

// The node becomes the QuantizeLinear of `real`; without a zero point the result has the type of data input `like`, with 0.
bool quantized(Upgrade& u, ValueId real, ValueId scale, ValueId zero, size_t like) {
  if (zero == k_none) zero = u.scalar_like("zero_point", 0, like);
  u.node.op = "QuantizeLinear";
  u.node.domain.clear();
  u.node.attributes.clear();
  u.node.inputs = {real, scale, zero};
  return true;
}

void refuse_channels_last(const graph::Node& n) { require(n.i("channels_last", 0) == 0, Code::unsupported, n.op, " with channels_last"); }

// op of one operand: X, its scale and zero point, then those of the result.
bool one(Upgrade& u, const char* op, Attributes attributes) {
  ValueId x = dequantized(u, 0);
  return quantized(u, u.emit(op, {x}, std::move(attributes)), u.node.input(3), u.node.input(4), 0);
}

bool two(Upgrade& u, const char* op) {
  ValueId a = dequantized(u, 0), b = dequantized(u, 3);
  return quantized(u, u.emit(op, {a, b}), u.node.input(6), u.node.input(7), 0);
}

}  // namespace

bool upgrade_qlinear_add(Upgrade& u) { return two(u, "Add"); }
bool upgrade_qlinear_mul(Upgrade& u) { return two(u, "Mul"); }
bool upgrade_qlinear_sigmoid(Upgrade& u) { return one(u, "Sigmoid", {}); }
bool upgrade_qlinear_leaky_relu(Upgrade& u) { return one(u, "LeakyRelu", {{"alpha", u.node.f("alpha", 0.01f)}}); }

// Before opset 13 Softmax saw its input as a matrix, cut in front of the axis.
bool upgrade_qlinear_softmax(Upgrade& u) {
  const bool matrix = u.node.i("opset", 13) < 13;
  const int64_t axis = u.node.i("axis", matrix ? 1 : -1), rank = u.rank(0);
  if (!matrix || axis == -1 || (rank >= 0 && axis == rank - 1)) return one(u, "Softmax", {{"axis", axis}});
  if (rank < 0 && !u.last_chance()) return false;
  ValueId x = dequantized(u, 0);
  ValueId rows = u.emit("Softmax", {u.emit("Flatten", {x}, {{"axis", axis}})}, {{"axis", int64_t{-1}}});
  ValueId y = u.emit("Reshape", {rows, u.emit("Shape", {x})}, {{"allowzero", int64_t{1}}});
  return quantized(u, y, u.node.input(3), u.node.input(4), 0);
}

bool upgrade_qlinear_global_average_pool(Upgrade& u) {
  refuse_channels_last(u.node);
  return one(u, "GlobalAveragePool", {});
}

bool upgrade_qlinear_average_pool(Upgrade& u) {
  refuse_channels_last(u.node);
  Attributes attributes = u.node.attributes;
  std::erase_if(attributes, [](const auto& a) { return a.first == "channels_last"; });
  return one(u, "AveragePool", std::move(attributes));
}

// QLinearConcat(y_scale, y_zero, a, a_scale, a_zero, b, ...)
bool upgrade_qlinear_concat(Upgrade& u) {
  const size_t count = u.node.inputs.size();
  require(count >= 5 && (count - 2) % 3 == 0, Code::format, "QLinearConcat with ", count, " inputs");
  require(u.node.has("axis"), Code::format, "QLinearConcat without axis");
  std::vector<ValueId> parts;
  for (size_t i = 2; i < count; i += 3) parts.push_back(dequantized(u, i));
  return quantized(u, u.emit("Concat", std::move(parts), {{"axis", u.node.i("axis", 0)}}), u.node.input(0), u.node.input(1), 2);
}

// QLinearWhere(condition, x, x_scale, x_zero, y, y_scale, y_zero, z_scale, z_zero)
bool upgrade_qlinear_where(Upgrade& u) {
  ValueId x = dequantized(u, 1), y = dequantized(u, 4);
  return quantized(u, u.emit("Where", {u.node.input(0), x, y}), u.node.input(7), u.node.input(8), 1);
}

// QGemm(a, a_scale, a_zero, b, b_scale, b_zero, c, y_scale, y_zero): c is int32 on the scale of the products; without y_scale the result is float.
bool upgrade_qgemm(Upgrade& u) {
  graph::Node& n = u.node;
  const int64_t trans_b = n.i("transB", 0);
  const float alpha = n.f("alpha", 1);
  const Tensor *a_scale = u.constant(1), *b_scale = u.constant(4);
  require(a_scale && b_scale && a_scale->dtype() == DType::f32 && b_scale->dtype() == DType::f32 && a_scale->size() == 1, Code::unsupported,
          "QGemm whose scales are not constant");
  std::optional<int64_t> axis;
  if (b_scale->rank() == 1 && b_scale->size() > 1) axis = trans_b ? 0 : 1;
  Tensor c_scale = Tensor::zeros(DType::f32, b_scale->shape());
  for (int64_t i = 0; i < c_scale.size(); ++i) c_scale.set_number(i, b_scale->number(i) * a_scale->number(0) * static_cast<double>(alpha));
  std::vector<ValueId> inputs{dequantized(u, 0), dequantized(u, n.input(3), n.input(4), n.input(5), axis)};
  if (n.input(6) != k_none)
    inputs.push_back(dequantized(u, n.input(6), u.add("c_scale", std::move(c_scale)), k_none, axis ? std::optional<int64_t>(-1) : std::nullopt));
  Attributes attributes{{"transA", n.i("transA", 0)}, {"transB", trans_b}, {"alpha", alpha}};
  if (n.input(7) != k_none) return quantized(u, u.emit("Gemm", std::move(inputs), std::move(attributes)), n.input(7), n.input(8), 0);
  n.op = "Gemm";
  n.domain.clear();
  n.attributes = std::move(attributes);
  n.inputs = std::move(inputs);
  return true;
}

namespace {

// Integer products of A and B as float32: the sums times both scales, plus a bias.
bool scaled_product(Upgrade& u, ValueId a, ValueId a_scale, ValueId a_zero, size_t b, size_t b_scale, size_t b_zero, size_t bias) {
  graph::Node& n = u.node;
  std::vector<ValueId> operands{a, n.input(b), a_zero, n.input(b_zero)};
  while (operands.back() == k_none) operands.pop_back();
  ValueId sums = u.emit("Cast", {u.emit("MatMulInteger", std::move(operands))}, {{"to", static_cast<int64_t>(DType::f32)}});
  std::vector<ValueId> factors{sums, u.emit("Mul", {a_scale, n.input(b_scale)})};
  const ValueId shift = n.input(bias);
  if (shift != k_none) factors = {u.emit("Mul", std::move(factors)), shift};
  n.op = shift == k_none ? "Mul" : "Add";
  n.domain.clear();
  n.attributes.clear();
  n.inputs = std::move(factors);
  return true;
}

}  // namespace

// DynamicQuantizeMatMul(a, b, b_scale, b_zero, bias): a is float and quantized by its own range.
bool upgrade_dynamic_quantize_matmul(Upgrade& u) {
  std::vector<ValueId> q = u.emit_all("DynamicQuantizeLinear", {u.node.input(0)}, 3);
  return scaled_product(u, q[0], q[1], q[2], 1, 2, 3, 4);
}

// MatMulIntegerToFloat(a, b, a_scale, b_scale, a_zero, b_zero, bias): between constant scales a MatMul of what is dequantized, else as above.
bool upgrade_matmul_integer_to_float(Upgrade& u) {
  graph::Node& n = u.node;
  const Tensor *a_scale = u.constant(2), *b_scale = u.constant(3);
  if (!a_scale || a_scale->size() != 1 || !b_scale || b_scale->rank() > 1) return scaled_product(u, n.input(0), n.input(2), n.input(4), 1, 3, 5, 6);
  std::optional<int64_t> axis;
  if (b_scale->rank() == 1 && b_scale->size() > 1) axis = -1;
  std::vector<ValueId> factors{dequantized(u, n.input(0), n.input(2), n.input(4)), dequantized(u, n.input(1), n.input(3), n.input(5), axis)};
  const ValueId shift = n.input(6);
  if (shift != k_none) factors = {u.emit("MatMul", std::move(factors)), shift};
  n.op = shift == k_none ? "MatMul" : "Add";
  n.domain.clear();
  n.attributes.clear();
  n.inputs = std::move(factors);
  return true;
}

}  // namespace mo::onnx
