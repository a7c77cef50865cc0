// Walks products whose operands and result are integers, then what moves integers; ONNX Runtime's own operators in between.
#include "quantize/qoperator.h"

#include "quantize/qoperator_parts.h"
#include "quantize/store.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

class Converter {
 public:
  Converter(Graph& g, bool microsoft) : g_(g), microsoft_(microsoft) {}

  int run() {
    for (NodeId id : std::vector<NodeId>(g_.order()))
      if (g_.alive(id) && role_of(g_.node(id)) == Role::compute) changed_ += product(id);
    g_.sort();
    g_.remove_dead();
    if (microsoft_) changed_ += to_microsoft_operators(g_);
    for (NodeId id : std::vector<NodeId>(g_.order()))
      if (g_.alive(id) && role_of(g_.node(id)) == Role::move) changed_ += move(id);
    g_.sort();
    g_.remove_dead();
    return changed_;
  }

 private:
  int product(NodeId id) {
    const Node n = g_.node(id);
    auto x = operand(g_, n.input(0)), w = operand(g_, n.input(1));
    if (!x || !w) return 0;
    if (n.is("Conv")) return conv(id, n, *x, *w);
    if (n.is("MatMul")) return matmul(id, n, *x, *w);
    if (n.is("Gemm") && !microsoft_) return gemm(id, n, *x, *w);
    return 0;
  }

  int conv(NodeId id, const Node& n, const Part& x, const Part& w) {
    auto t = target(g_, n.outputs[0]);
    if (!t) return 0;
    std::vector<ValueId> inputs{x.data, x.scale, x.zero, w.data, w.scale, w.zero, t->parameters.scale, t->parameters.zero};
    if (n.input(2) != k_none) {
      inputs.push_back(integer_bias(g_, n.input(2)));
      if (inputs.back() == k_none) return 0;
    }
    become_integer(g_, id, "QLinearConv", "", std::move(inputs), *t, n.attributes);
    return 1;
  }

  int matmul(NodeId id, const Node& n, const Part& a, const Part& b) {
    auto t = target(g_, n.outputs[0]);
    if (!t) return 0;
    become_integer(g_, id, "QLinearMatMul", "", {a.data, a.scale, a.zero, b.data, b.scale, b.zero, t->parameters.scale, t->parameters.zero}, *t, {});
    return 1;
  }

  // The result stays float: integer product, integer bias, one multiplication.
  int gemm(NodeId id, const Node& n, const Part& x, const Part& w) {
    const Tensor *weights = g_.constant_of(w.data), *scale = g_.constant_of(w.scale), *x_scale = g_.constant_of(x.scale);
    if (!weights || !scale || !x_scale || x_scale->size() != 1 || n.i("transA", 0) || n.f("alpha", 1) != 1 || n.f("beta", 1) != 1 ||
        weights->rank() != 2)
      return 0;
    ValueId bias = n.input(2) == k_none ? k_none : integer_bias(g_, n.input(2));
    if (n.input(2) != k_none && bias == k_none) return 0;
    ValueId matrix = w.data;
    if (n.i("transB", 0)) {
      Tensor turned = Tensor::zeros(weights->dtype(), {weights->dim(1), weights->dim(0)});
      const auto* src = static_cast<const uint8_t*>(weights->raw());
      auto* dst = static_cast<uint8_t*>(turned.raw_mutable());
      for (int64_t r = 0; r < weights->dim(0); ++r)
        for (int64_t c = 0; c < weights->dim(1); ++c) dst[c * weights->dim(0) + r] = src[r * weights->dim(1) + c];
      matrix = g_.add_constant(g_.value(w.data).name + "_t", turned);
    }
    std::vector<float> both;
    for (int64_t i = 0; i < scale->size(); ++i) both.push_back(static_cast<float>(x_scale->number() * scale->number(i)));
    ValueId out = n.outputs[0];
    std::string name = g_.value(out).name;
    graph::Type type = g_.value(out).type;
    ValueId factor = g_.add_constant(name + "_scale", Tensor::of<float>(scale->shape(), std::span<const float>(both)));
    ValueId sum = add_node(g_, "MatMulInteger", name + "_i32", {x.data, matrix, x.zero, w.zero}, DType::i32, type);
    if (bias != k_none) sum = add_node(g_, "Add", name + "_biased", {sum, bias}, DType::i32, type);
    ValueId real = add_node(g_, "Cast", name + "_f32", {sum}, DType::f32, type, {{"to", static_cast<int64_t>(DType::f32)}});
    g_.remove_node(id);
    g_.add_node(Node{.op = "Mul", .name = n.name, .inputs = {real, factor}, .outputs = {out}});
    return 1;
  }

  // DQ -> move -> Q with the same parameters: the move works on integers.
  int move(NodeId id) {
    const Node n = g_.node(id);
    if (n.outputs.size() != 1 || n.is("Pad")) return 0;
    NodeId dq = g_.producer_if(n.input(0), "DequantizeLinear"), q = g_.sole_user(n.outputs[0]);
    if (dq == k_none || q == k_none || !g_.node(q).is("QuantizeLinear")) return 0;
    auto same = [&](ValueId a, ValueId b) {
      return a == b || (a != k_none && b != k_none && g_.constant_of(a) && g_.constant_of(b) && identical(*g_.constant_of(a), *g_.constant_of(b)));
    };
    if (!same(g_.node(dq).input(1), g_.node(q).input(1)) || !same(g_.node(dq).input(2), g_.node(q).input(2))) return 0;
    ValueId out = g_.node(q).outputs[0];
    g_.remove_node(q);
    g_.set_input(id, 0, g_.node(dq).input(0));
    g_.set_output(id, 0, out);
    return 1;
  }

  Graph& g_;
  bool microsoft_;
  int changed_ = 0;
};

}  // namespace

int to_qoperator(Graph& g, bool microsoft) { return Converter(g, microsoft).run(); }

}  // namespace mo::quantize
