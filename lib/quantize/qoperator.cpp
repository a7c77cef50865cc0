// Walks products whose operands and result are integers, then what moves integers.
#include "quantize/qoperator.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "quantize/store.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

struct Part {
  ValueId data, scale, zero;
};

class Converter {
 public:
  explicit Converter(Graph& g) : g_(g) {}

  int run() {
    for (NodeId id : std::vector<NodeId>(g_.order()))
      if (g_.alive(id) && role_of(g_.node(id)) == Role::compute) changed_ += product(id);
    g_.sort();
    g_.remove_dead();
    for (NodeId id : std::vector<NodeId>(g_.order()))
      if (g_.alive(id) && role_of(g_.node(id)) == Role::move) changed_ += move(id);
    g_.sort();
    g_.remove_dead();
    return changed_;
  }

 private:
  // What a DequantizeLinear that makes `v` reads; its zero point made explicit, as the integer operators want it.
  std::optional<Part> operand(ValueId v) {
    NodeId dq = v == k_none ? k_none : g_.producer_if(v, "DequantizeLinear");
    if (dq == k_none || g_.node(dq).has("block_size")) return std::nullopt;
    const Node n = g_.node(dq);
    DType dtype = g_.value(n.input(0)).type.dtype;
    if (dtype != DType::u8 && dtype != DType::i8) return std::nullopt;
    ValueId zero = n.input(2);
    if (zero == k_none) zero = zeros(dtype, g_.constant_of(n.input(1)) ? g_.constant_of(n.input(1))->shape() : Shape{});
    return Part{n.input(0), n.input(1), zero};
  }

  ValueId zeros(DType dtype, const Shape& shape) { return g_.add_constant(text("zero_", name(dtype)), Tensor::zeros(dtype, shape)); }

  struct Target {
    ValueId q;  // the integers that the chain ends in
    Part parameters;
    std::vector<NodeId> swallowed;
  };

  // v -> (Relu | Clip)? -> QuantizeLinear, when the activation is implied by the range.
  std::optional<Target> target(ValueId v) {
    Target t{};
    NodeId next = g_.sole_user(v);
    float low = -INFINITY, high = INFINITY;
    while (next != k_none && (g_.node(next).is("Relu") || g_.node(next).is("Clip")) && g_.node(next).input(0) == v) {
      const Node& a = g_.node(next);
      if (a.is("Relu")) {
        low = std::max(low, 0.0f);
      } else {
        for (size_t i : {1, 2}) {
          if (a.input(i) == k_none) continue;
          const Tensor* limit = g_.constant_of(a.input(i));
          if (!limit || limit->size() != 1) return std::nullopt;
          if (i == 1) low = std::max(low, static_cast<float>(limit->number()));
          else high = std::min(high, static_cast<float>(limit->number()));
        }
      }
      t.swallowed.push_back(next);
      v = a.outputs[0];
      next = g_.sole_user(v);
    }
    if (next == k_none || !g_.node(next).is("QuantizeLinear") || g_.node(next).input(0) != v) return std::nullopt;
    const Node& q = g_.node(next);
    const Tensor *scale = g_.constant_of(q.input(1)), *zero = g_.constant_of(q.input(2));
    if (!scale || scale->size() != 1 || !zero || (zero->dtype() != DType::u8 && zero->dtype() != DType::i8)) return std::nullopt;
    double step = scale->number(), bottom = (zero->dtype() == DType::u8 ? 0 : -128) - static_cast<double>(zero->integer()), top = bottom + 255;
    if (low > -INFINITY && bottom * step < low - 0.01 * step) return std::nullopt;
    if (high < INFINITY && top * step > high + 0.51 * step) return std::nullopt;
    t.swallowed.push_back(next);
    t.q = q.outputs[0];
    t.parameters = {k_none, q.input(1), q.input(2)};
    return t;
  }

  int product(NodeId id) {
    const Node n = g_.node(id);
    auto x = operand(n.input(0)), w = operand(n.input(1));
    if (!x || !w) return 0;
    if (n.is("Conv")) return conv(id, n, *x, *w);
    if (n.is("MatMul")) return matmul(id, n, *x, *w);
    if (n.is("Gemm")) return gemm(id, n, *x, *w);
    return 0;
  }

  int conv(NodeId id, const Node& n, const Part& x, const Part& w) {
    auto t = target(n.outputs[0]);
    if (!t) return 0;
    std::vector<ValueId> inputs{x.data, x.scale, x.zero, w.data, w.scale, w.zero, t->parameters.scale, t->parameters.zero};
    if (n.input(2) != k_none) {
      NodeId dq = g_.producer_if(n.input(2), "DequantizeLinear");
      if (dq == k_none || g_.value(g_.node(dq).input(0)).type.dtype != DType::i32) return 0;
      inputs.push_back(g_.node(dq).input(0));
    }
    replace(id, n, "QLinearConv", std::move(inputs), *t, n.attributes);
    return 1;
  }

  int matmul(NodeId id, const Node& n, const Part& a, const Part& b) {
    auto t = target(n.outputs[0]);
    if (!t) return 0;
    replace(id, n, "QLinearMatMul", {a.data, a.scale, a.zero, b.data, b.scale, b.zero, t->parameters.scale, t->parameters.zero}, *t, {});
    return 1;
  }

  void replace(NodeId id, const Node& n, const char* op, std::vector<ValueId> inputs, const Target& t,
               std::vector<std::pair<std::string, graph::AttrValue>> attributes) {
    g_.remove_node(id);
    for (NodeId s : t.swallowed) g_.remove_node(s);
    g_.add_node(Node{.op = op, .name = n.name, .inputs = std::move(inputs), .outputs = {t.q}, .attributes = std::move(attributes)});
  }

  // The result stays float: integer product, integer bias, one multiplication.
  int gemm(NodeId id, const Node& n, const Part& x, const Part& w) {
    const Tensor *weights = g_.constant_of(w.data), *scale = g_.constant_of(w.scale), *x_scale = g_.constant_of(x.scale);
    if (!weights || !scale || !x_scale || x_scale->size() != 1 || n.i("transA", 0) || n.f("alpha", 1) != 1 || n.f("beta", 1) != 1 ||
        weights->rank() != 2)
      return 0;
    ValueId bias = k_none;
    if (n.input(2) != k_none) {
      NodeId dq = g_.producer_if(n.input(2), "DequantizeLinear");
      if (dq == k_none || g_.value(g_.node(dq).input(0)).type.dtype != DType::i32) return 0;
      bias = g_.node(dq).input(0);
    }
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
  int changed_ = 0;
};

}  // namespace

int to_qoperator(Graph& g) { return Converter(g).run(); }

}  // namespace mo::quantize
