// Encoding of whole tensors, and the constants and DequantizeLinear nodes that hold them.
#include "quantize/store.h"

#include <algorithm>

namespace mo::quantize {

using graph::k_none;
using graph::ValueId;

Codes encode_rows(const Matrix& m, const WeightForm& form, std::span<const float> min_scale, const InputMoments* moments) {
  WeightForm rows = form;
  if (form.axis < 0 && m.rows > 0) {
    // One range of all, then every channel is rounded with it.
    std::vector<float> scale{1}, zero{0};
    if (form.scale.empty()) {
      Matrix flat{1, m.rows * m.cols, m.values};
      Codes one = encode(
          flat,
          [&] {
            WeightForm f = form;
            f.rounding = "nearest";
            return f;
          }(),
          min_scale, nullptr);
      scale[0] = one.scale[0], zero[0] = one.zero[0];
    } else {
      require(form.scale.size() == 1, Code::invalid_argument, "the scheme gives ", form.scale.size(), " scales for one in all");
      scale[0] = form.scale[0], zero[0] = form.zero_point.empty() ? levels(form).middle : static_cast<float>(form.zero_point[0]);
    }
    rows.scale.assign(static_cast<size_t>(m.rows), scale[0]);
    rows.zero_point.assign(static_cast<size_t>(m.rows), static_cast<int32_t>(zero[0]));
    min_scale = {};
  }
  return encode(m, rows, min_scale, moments);
}

QuantizedTensor encode_tensor(const Tensor& weights, const WeightForm& form, int64_t channel_axis, std::span<const float> min_scale,
                              const Rounded* learned) {
  require(form.block == 0 || (weights.rank() == 2 && form.axis >= 0), Code::invalid_argument, "blocks need a matrix of weights with channels, got ",
          describe(weights));
  require(form.axis < weights.rank(), Code::invalid_argument, "axis is ", form.axis, ", the weights are ", describe(weights));
  int64_t axis = form.axis >= 0 ? form.axis : channel_axis;
  Codes codes = learned && axis == channel_axis ? learned->codes() : encode_rows(rows_of(weights, axis), form, min_scale, nullptr);
  const Matrix& m = codes.q;
  QuantizedTensor q;
  q.values = tensor_of(codes.q, weights.shape(), axis, form.dtype);
  Shape shape = form.axis < 0 ? Shape{} : Shape{m.rows};
  std::vector<float> scale = codes.scale, zero = codes.zero;
  if (form.block > 0) {
    shape = form.axis == 0 ? Shape{m.rows, codes.blocks} : Shape{codes.blocks, m.rows};
    if (form.axis == 1)
      for (int64_t r = 0; r < m.rows; ++r)
        for (int64_t b = 0; b < codes.blocks; ++b) {
          scale[static_cast<size_t>(b * m.rows + r)] = codes.scale[static_cast<size_t>(r * codes.blocks + b)];
          zero[static_cast<size_t>(b * m.rows + r)] = codes.zero[static_cast<size_t>(r * codes.blocks + b)];
        }
  }
  int64_t count = element_count(shape);
  q.scale = Tensor::allocate(DType::f32, shape);
  q.zero_point = Tensor::zeros(form.dtype, shape);
  for (int64_t i = 0; i < count; ++i) {
    q.scale.mutable_data<float>()[i] = scale[static_cast<size_t>(i)];
    if (zero[static_cast<size_t>(i)] != 0) q.zero_point.set_number(i, zero[static_cast<size_t>(i)]);
  }
  return q;
}

void set_dequantize_axis(graph::Node& node, const WeightForm& form) {
  if (form.axis < 0) return;
  node.set("axis", form.block > 0 ? int64_t{1} - form.axis : form.axis);
  if (form.block > 0) node.set("block_size", form.block);
}

ValueId add_node(graph::Graph& g, const char* op, const std::string& name, std::vector<ValueId> inputs, DType dtype, const graph::Type& like,
                 std::vector<std::pair<std::string, graph::AttrValue>> attributes) {
  graph::Type type = like;
  type.kind = graph::Type::Kind::tensor;
  type.dtype = dtype;
  ValueId out = g.add_value(name, type);
  graph::Node n;
  n.op = op;
  n.inputs = std::move(inputs);
  n.outputs = {out};
  n.attributes = std::move(attributes);
  g.add_node(std::move(n));
  return out;
}

Store::Entry Store::integers(ValueId constant, const QuantizedTensor& q) {
  for (const Known& k : known_)
    if (k.constant == constant && identical(k.q.values, q.values) && identical(k.q.scale, q.scale) && identical(k.q.zero_point, q.zero_point))
      return k.entry;
  std::string name = g_.value(constant).name;
  Entry e{g_.add_constant(name + "_q", q.values), g_.add_constant(name + "_scale", q.scale), k_none, k_none};
  // A zero point of zeros is what the operator assumes without one: leaving it out keeps small models small.
  bool any = false;
  for (int64_t i = 0; i < q.zero_point.size() && !any; ++i) any = q.zero_point.number(i) != 0;
  if (any) e.zero_point = g_.add_constant(name + "_zp", q.zero_point);
  known_.push_back({constant, q, e});
  ++count_;
  return e;
}

Store::Entry Store::dequantized(ValueId constant, const QuantizedTensor& q, const WeightForm& form, bool always_zero_point) {
  integers(constant, q);
  for (Known& k : known_) {
    if (k.constant != constant || !identical(k.q.values, q.values) || !identical(k.q.scale, q.scale) || !identical(k.q.zero_point, q.zero_point))
      continue;
    if (always_zero_point && k.entry.zero_point == k_none) {
      k.entry.zero_point = g_.add_constant(g_.value(constant).name + "_zp", k.q.zero_point);
      k.entry.dequantized = k_none;
    }
    if (k.entry.dequantized != k_none) return k.entry;
    std::string name = g_.value(constant).name;
    std::vector<ValueId> inputs{k.entry.values, k.entry.scale};
    if (k.entry.zero_point != k_none) inputs.push_back(k.entry.zero_point);
    k.entry.dequantized =
        add_node(g_, "DequantizeLinear", name + "_dq", std::move(inputs), DType::f32, graph::Type::tensor(DType::f32, q.values.shape()));
    set_dequantize_axis(g_.edit(g_.value(k.entry.dequantized).producer), form);
    return k.entry;
  }
  fail(Code::internal, "a stored constant is missing");
}

}  // namespace mo::quantize
