// Q/DQ placement: activations first, then the constants of each quantized node.
#include "quantize/place.h"

#include <algorithm>

#include "quantize/traits.h"
#include "quantize/weights.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

class Placer {
 public:
  Placer(Graph& g, const Points& points, const std::map<ValueId, Scale>& scales, const Options& o)
      : g_(g), points_(points), scales_(scales), options_(o), activation_{o.activation_type == "int8" ? DType::i8 : DType::u8, o.activation_symmetric}, weight_{DType::i8, o.weight_symmetric} {}

  Placement run() {
    for (ValueId v : points_.values) activation(v);
    for (NodeId id : points_.quantized) constants(id);
    g_.sort();
    g_.remove_dead();
    return std::move(result_);
  }

 private:
  ValueId scalar(const std::string& name, float v) { return g_.add_constant(name, Tensor::scalar(v)); }
  // One constant for all activations with this zero point: after Relu it is always the same.
  ValueId zero_point(DType dtype, int32_t v) {
    auto it = zero_points_.find(v);
    if (it != zero_points_.end()) return it->second;
    Tensor t = Tensor::zeros(dtype, {});
    t.set_number(0, v);
    return zero_points_[v] = g_.add_constant(text("zp_", v), std::move(t));
  }

  // The node has no name of its own: that of its result says what it is, and names are a good part of a small file.
  ValueId add(const char* op, std::vector<ValueId> inputs, DType dtype, const graph::Type& like, const std::string& result, std::optional<int64_t> axis = {}) {
    graph::Type type = like;
    type.dtype = dtype;
    ValueId out = g_.add_value(result, type);
    Node n{.op = op, .inputs = std::move(inputs), .outputs = {out}};
    if (axis) n.set("axis", *axis);
    g_.add_node(std::move(n));
    return out;
  }

  // A zero point of zeros is what the operator assumes without one: leaving it out keeps small models small. `always`: ONNX Runtime
  // makes an integer product of a Gemm only when its weights have a zero point.
  std::vector<ValueId> with_zero_point(std::vector<ValueId> inputs, const std::string& name, const Tensor& zero, bool always = false) {
    bool any = always;
    for (int64_t i = 0; i < zero.size(); ++i) any |= zero.integer(i) != 0;
    if (any) inputs.push_back(g_.add_constant(name + "_zp", zero));
    return inputs;
  }

  // scale and zero point are shared by values that share them, so that one glance shows it.
  std::pair<ValueId, ValueId> parameters(ValueId v) {
    auto shared = points_.shares.find(v);
    ValueId owner = shared == points_.shares.end() ? v : shared->second;
    auto it = parameters_.find(owner);
    if (it != parameters_.end()) return it->second;
    const std::string name = g_.value(owner).name;
    const Scale& s = scales_.at(owner);
    auto made = std::pair(scalar(name + "_scale", s.scale), zero_point(activation_.dtype, s.zero_point));
    parameters_.emplace(owner, made);
    return made;
  }

  void activation(ValueId v) {
    std::vector<NodeId> readers = g_.value(v).users;
    std::sort(readers.begin(), readers.end());
    readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
    auto [scale, zero] = parameters(v);
    std::string name = g_.value(v).name;
    graph::Type type = g_.value(v).type;
    ValueId q = add("QuantizeLinear", {v, scale, zero}, activation_.dtype, type, name + "_q");
    ValueId dq = add("DequantizeLinear", {q, scale, zero}, DType::f32, type, name + "_dq");
    ++result_.activations;
    bool integer_made = made_by_integers(v);
    for (NodeId id : readers) {
      if (!integer_made && !points_.quantized.contains(id)) continue;
      for (size_t i = 0; i < g_.node(id).inputs.size(); ++i)
        if (g_.node(id).inputs[i] == v) g_.set_input(id, i, dq);
    }
  }

  bool made_by_integers(ValueId v) const {
    NodeId p = g_.value(v).producer;
    if (p != k_none && role_of(g_.node(p)) == Role::activate) p = g_.value(g_.node(p).input(0)).producer;
    return p != k_none && points_.quantized.contains(p);
  }

  float scale_read_by(const Node& n) const {  // of the data operand of a compute node: its input is a DequantizeLinear by now
    NodeId dq = g_.producer_if(n.input(0), "DequantizeLinear");
    MO_ASSERT(dq != k_none);
    return static_cast<float>(g_.constant_of(g_.node(dq).input(1))->number());
  }

  void constants(NodeId id) {
    Node n = g_.node(id);
    Role role = role_of(n);
    try {
      if (role == Role::compute) compute_constants(id, n);
      if (role == Role::table) table(id, n);
      if (role == Role::combine)
        for (size_t i : data_inputs(n))
          if (g_.constant_of(n.input(i))) operand(id, i);
    } catch (Error& e) {
      e.at(printable(n.name), printable(n.op));
      throw;
    }
  }

  void compute_constants(NodeId id, const Node& n) {
    WeightPlace place = *weight_of(g_, n);
    std::optional<int64_t> axis;
    if (options_.granularity == "per_channel") axis = place.axis;
    if (n.is("ConvTranspose") && n.i("group", 1) != 1) axis.reset();  // the channels of different groups share the axis
    auto bias_input = bias_of(n);
    const Tensor* found = bias_input ? g_.constant_of(n.input(*bias_input)) : nullptr;
    Tensor bias = found && found->dtype() == DType::f32 && found->rank() == 1 ? *found : Tensor();  // a copy: adding values moves the others
    float x_scale = scale_read_by(n);
    std::vector<float> lowest;
    if (bias) {
      lowest = lowest_scales(bias, x_scale);
      if (!axis && !lowest.empty()) lowest = {*std::max_element(lowest.begin(), lowest.end())};
      const Tensor& w = *g_.constant_of(n.input(place.input));
      if (axis && static_cast<int64_t>(lowest.size()) != w.dim(*axis)) bias = Tensor(), lowest.clear();
    }
    Made w = weights(n.input(place.input), axis, lowest, n.is("Gemm"));
    g_.set_input(id, place.input, w.dequantized);
    if (!bias) return;
    std::string name = g_.value(n.input(*bias_input)).name;
    QuantizedTensor q = quantize_bias(bias, x_scale, *g_.constant_of(w.scale));
    graph::Type type = graph::Type::tensor(DType::i32, bias.shape());
    ValueId values = g_.add_constant(name + "_q", q.values), scale = g_.add_constant(name + "_scale", q.scale);
    g_.set_input(id, *bias_input, add("DequantizeLinear", {values, scale}, DType::f32, type, name + "_dq", axis ? std::optional<int64_t>(0) : std::nullopt));
  }

  struct Made {
    ValueId values, scale, dequantized;
  };

  // One quantized form per constant and way of quantizing it: shared weights are quantized once.
  Made weights(ValueId v, std::optional<int64_t> axis, const std::vector<float>& lowest, bool always_zero_point) {
    QuantizedTensor q;
    try {
      q = quantize_weights(*g_.constant_of(v), axis, weight_, lowest);
    } catch (Error& e) {
      fail(e.code(), "weights '", printable(g_.value(v).name), "': ", e.message());
    }
    for (const auto& [key, made] : made_)
      if (key.first == v && key.second == axis && identical(*g_.constant_of(made.scale), q.scale)) return made;
    std::string name = g_.value(v).name;
    Made m;
    m.values = g_.add_constant(name + "_q", q.values);
    m.scale = g_.add_constant(name + "_scale", q.scale);
    graph::Type type = g_.value(v).type;
    m.dequantized = add("DequantizeLinear", with_zero_point({m.values, m.scale}, name, q.zero_point, always_zero_point), DType::f32, type, name + "_dq", axis);
    ++result_.weights;
    made_.emplace_back(std::pair(v, axis), m);
    return made_.back().second;
  }

  // Gather(table) => DequantizeLinear(Gather(quantized table)): only the rows that are read are dequantized.
  void table(NodeId id, const Node& n) {
    ValueId v = n.input(0);
    std::string name = g_.value(v).name;
    std::optional<int64_t> axis;
    if (options_.granularity == "per_channel") axis = 1;
    QuantizedTensor q;
    try {
      q = quantize_weights(*g_.constant_of(v), axis, weight_);
    } catch (Error& e) {
      fail(e.code(), "table '", printable(name), "': ", e.message());
    }
    g_.set_input(id, 0, g_.add_constant(name + "_q", q.values));
    ValueId out = n.outputs[0];
    graph::Type type = g_.value(out).type;
    type.dtype = q.values.dtype();
    g_.set_output(id, 0, g_.add_value(g_.value(out).name + "_q", type));
    Node dq{.op = "DequantizeLinear", .inputs = with_zero_point({g_.node(id).outputs[0], g_.add_constant(name + "_scale", q.scale)}, name, q.zero_point), .outputs = {out}};
    if (axis) dq.set("axis", int64_t{-1});
    g_.add_node(std::move(dq));
    ++result_.weights;
  }

  // A constant operand of Add, Mul, Concat: quantized like an activation, over its own range.
  void operand(NodeId id, size_t i) {
    ValueId v = g_.node(id).inputs[i];
    std::string name = g_.value(v).name;
    Grid grid = activation_;
    QuantizedTensor q;
    try {
      q = quantize_weights(*g_.constant_of(v), std::nullopt, grid);
    } catch (Error& e) {
      fail(e.code(), "constant '", printable(name), "': ", e.message());
    }
    ValueId values = g_.add_constant(name + "_q", q.values), scale = g_.add_constant(name + "_scale", q.scale), zero = g_.add_constant(name + "_zp", q.zero_point);
    g_.set_input(id, i, add("DequantizeLinear", {values, scale, zero}, DType::f32, g_.value(v).type, name + "_dq"));
    ++result_.weights;
  }

  Graph& g_;
  const Points& points_;
  const std::map<ValueId, Scale>& scales_;
  const Options& options_;
  Grid activation_, weight_;
  std::map<ValueId, std::pair<ValueId, ValueId>> parameters_;
  std::map<int32_t, ValueId> zero_points_;  // of activations
  std::vector<std::pair<std::pair<ValueId, std::optional<int64_t>>, Made>> made_;
  Placement result_;
};

}  // namespace

Placement place(Graph& g, const Points& points, const std::map<ValueId, Scale>& scales, const Options& options) {
  return Placer(g, points, scales, options).run();
}

}  // namespace mo::quantize
