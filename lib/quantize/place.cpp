// Q/DQ placement: activations first, then the constants of each quantized node.
#include "quantize/place.h"

#include <algorithm>

#include "quantize/decide.h"
#include "quantize/rewrite.h"
#include "quantize/store.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

class Placer {
 public:
  Placer(Graph& g, const Scheme& scheme, const Points& points, const Learned& learned)
      : g_(g), scheme_(scheme), points_(points), learned_(learned), store_(g) {}

  Placement run() {
    for (ValueId v : points_.values) activation(v);
    for (NodeId id : points_.quantized) constants(id);
    g_.sort();
    g_.remove_dead();
    result_.weights += store_.count();
    return std::move(result_);
  }

 private:
  const ActivationForm& form_of(ValueId v) const { return scheme_.activations.at(g_.value(v).name); }

  ValueId scalar(const std::string& name, float v) { return g_.add_constant(name, Tensor::scalar(v)); }
  // One constant for all activations with this zero point: after Relu it is always the same.
  ValueId zero_point(DType dtype, int32_t v) {
    auto it = zero_points_.find({dtype, v});
    if (it != zero_points_.end()) return it->second;
    Tensor t = Tensor::zeros(dtype, {});
    t.set_number(0, v);
    return zero_points_[{dtype, v}] = g_.add_constant(text("zp_", v), std::move(t));
  }

  // The node has no name of its own: that of its result says what it is, and names are a good part of a small file.
  ValueId add(const char* op, std::vector<ValueId> inputs, DType dtype, const graph::Type& like, const std::string& result,
              std::optional<int64_t> axis = {}) {
    graph::Type type = like;
    type.dtype = dtype;
    ValueId out = g_.add_value(result, type);
    Node n{.op = op, .inputs = std::move(inputs), .outputs = {out}};
    if (axis) n.set("axis", *axis);
    g_.add_node(std::move(n));
    return out;
  }

  // Scale and zero point are shared by values that share them, so that one glance shows it.
  std::pair<ValueId, ValueId> parameters(ValueId v) {
    auto shared = points_.shares.find(v);
    ValueId owner = shared == points_.shares.end() ? v : shared->second;
    auto it = parameters_.find(owner);
    if (it != parameters_.end()) return it->second;
    const std::string name = g_.value(owner).name;
    const ActivationForm& s = form_of(owner);
    auto made = std::pair(scalar(name + "_scale", s.scale), zero_point(s.dtype, s.zero_point));
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
    ValueId q = add("QuantizeLinear", {v, scale, zero}, g_.value(zero).constant.dtype(), type, name + "_q");
    ValueId dq = add("DequantizeLinear", {q, scale, zero}, DType::f32, type, name + "_dq");
    ++result_.activations;
    if (readers.empty() && g_.is_output(v)) {  // the model gives the rounded value under the old name
      g_.rename_value(v, name + "_float");
      g_.rename_value(dq, name);
      std::replace(g_.outputs.begin(), g_.outputs.end(), v, dq);
    }
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
      if (role == Role::table) store_table(g_, store_, id, scheme_.nodes.at(n.name).weights.value_or(WeightForm{}));
      if (role == Role::combine)
        for (size_t i : data_inputs(n))
          if (g_.constant_of(n.input(i))) operand(id, i);
    } catch (Error& e) {
      e.at(printable(n.name), printable(n.op));
      throw;
    }
  }

  bool is_integer_activation(const Node& n) const {
    NodeId dq = g_.producer_if(n.input(0), "DequantizeLinear");
    return dq != k_none && is_integer(g_.value(g_.node(dq).input(0)).type.dtype);
  }

  void compute_constants(NodeId id, const Node& n) {
    auto found_place = weight_of(g_, n);
    if (!found_place) return;  // a product of two activations
    WeightPlace place = *found_place;
    const NodeForm& node_form = scheme_.nodes.at(n.name);
    require(node_form.weights.has_value(), Code::invalid_argument, "the scheme gives no form for the weights");
    WeightForm form = *node_form.weights;
    auto bias_input = bias_of(n);
    // A copy: adding values moves the others.
    Tensor bias = is_integer_activation(n) ? integer_bias(g_, n, form) : Tensor();
    float x_scale = scale_read_by(n);
    std::vector<float> lowest = bias ? lowest_weight_scales(g_, n, form, x_scale) : std::vector<float>{};
    const Tensor w = *g_.constant_of(n.input(place.input));
    ValueId v = n.input(place.input);
    QuantizedTensor q;
    try {
      auto m = learned_.find(n.name);
      q = encode_tensor(w, form, place.axis, lowest, m == learned_.end() ? nullptr : &m->second);
    } catch (Error& e) { fail(e.code(), "weights '", printable(g_.value(v).name), "': ", e.message()); }
    Store::Entry stored = store_.dequantized(v, q, form, n.is("Gemm"));
    g_.set_input(id, place.input, stored.dequantized);
    if (!bias) return;
    std::string name = g_.value(n.input(*bias_input)).name;
    QuantizedTensor b = quantize_bias(bias, x_scale, q.scale);
    graph::Type type = graph::Type::tensor(DType::i32, bias.shape());
    ValueId values = g_.add_constant(name + "_q", b.values), scale = g_.add_constant(name + "_scale", b.scale);
    g_.set_input(id, *bias_input,
                 add("DequantizeLinear", {values, scale}, DType::f32, type, name + "_dq", form.axis >= 0 ? std::optional<int64_t>(0) : std::nullopt));
  }

  // That of the node's other operand: runtimes want one type on both sides.
  Grid operand_grid(NodeId id) const {
    for (size_t i : data_inputs(g_.node(id)))
      if (NodeId dq = g_.producer_if(g_.node(id).input(i), "DequantizeLinear"); dq != k_none && g_.node(dq).inputs.size() > 2) {
        DType dtype = g_.value(g_.node(dq).input(2)).type.dtype;
        return {dtype, is_floating(dtype) || (info(dtype).is_signed && symmetric_activations())};
      }
    return {DType::u8, false};
  }

  bool symmetric_activations() const {
    return std::all_of(scheme_.activations.begin(), scheme_.activations.end(), [](const auto& a) { return a.second.zero_point == 0; });
  }

  // A constant operand of Add, Mul, Concat: quantized like an activation, over its own range.
  void operand(NodeId id, size_t i) {
    ValueId v = g_.node(id).inputs[i];
    std::string name = g_.value(v).name;
    Grid grid = operand_grid(id);
    QuantizedTensor q;
    try {
      q = quantize_weights(*g_.constant_of(v), std::nullopt, grid);
    } catch (Error& e) { fail(e.code(), "constant '", printable(name), "': ", e.message()); }
    ValueId values = g_.add_constant(name + "_q", q.values), scale = g_.add_constant(name + "_scale", q.scale),
            zero = g_.add_constant(name + "_zp", q.zero_point);
    g_.set_input(id, i, add("DequantizeLinear", {values, scale, zero}, DType::f32, g_.value(v).type, name + "_dq"));
    ++result_.weights;
  }

  Graph& g_;
  const Scheme& scheme_;
  const Points& points_;
  const Learned& learned_;
  Store store_;
  std::map<ValueId, std::pair<ValueId, ValueId>> parameters_;
  std::map<std::pair<DType, int32_t>, ValueId> zero_points_;
  Placement result_;
};

}  // namespace

Placement place(Graph& g, const Scheme& scheme, const Learned& learned) {
  Points points = points_of(g, scheme);
  return Placer(g, scheme, points, learned).run();
}

// An int32 bias counts in steps of x_scale * w_scale: integers on both sides, and no blocks.
Tensor integer_bias(const Graph& g, const Node& n, const WeightForm& form) {
  auto at = bias_of(n);
  auto place = weight_of(g, n);
  const Tensor* bias = at ? g.constant_of(n.input(*at)) : nullptr;
  if (!bias || bias->dtype() != DType::f32 || bias->rank() != 1 || !is_integer(form.dtype) || form.block > 0) return {};
  if (form.axis >= 0 && bias->size() != g.constant_of(n.input(place->input))->dim(form.axis)) return {};
  return *bias;
}

std::vector<float> lowest_weight_scales(const Graph& g, const Node& n, const WeightForm& form, float x_scale) {
  Tensor bias = integer_bias(g, n, form);
  if (!bias) return {};
  std::vector<float> lowest = lowest_scales(bias, x_scale);
  if (form.axis < 0 && !lowest.empty()) lowest = {*std::max_element(lowest.begin(), lowest.end())};
  return lowest;
}

}  // namespace mo::quantize
