// Q/DQ around products, sums, activations, pools and joins to ONNX Runtime's own integer operators.
#include <algorithm>

#include "quantize/qoperator_parts.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr const char* k_domain = "com.microsoft";

class Microsoft {
 public:
  explicit Microsoft(Graph& g) : g_(g) {}

  int run() {
    for (NodeId id : std::vector<NodeId>(g_.order())) {
      if (!g_.alive(id)) continue;
      const Node n = g_.node(id);
      if (n.is("Gemm")) changed_ += gemm(id, n);
      else if (n.is("MatMul")) changed_ += matmul(id, n);
      else if (n.is("Add") || n.is("Mul")) changed_ += binary(id, n);
      else if (n.is("Concat")) changed_ += concat(id, n);
      else if (n.is("Where")) changed_ += where(id, n);
      else if (n.is("Sigmoid") || n.is("LeakyRelu") || n.is("AveragePool") || n.is("GlobalAveragePool")) changed_ += unary(id, n);
    }
    g_.sort();
    g_.remove_dead();
    return changed_;
  }

 private:
  const Tensor* scale_of(const Part& p) const { return g_.constant_of(p.scale); }
  DType dtype_of(const Part& p) const { return g_.value(p.data).type.dtype; }

  // Integers of dtype `dtype` with one constant scale; these operators want one dtype all over.
  std::optional<Part> single(ValueId v, DType dtype) {
    auto p = operand(g_, v);
    if (!p || dtype_of(*p) != dtype || !scale_of(*p) || scale_of(*p)->size() != 1 || !g_.constant_of(p->zero)) return std::nullopt;
    return p;
  }

  // Weights of one scale, or of one per column with zero points likewise.
  bool by_columns(const Node& n, const Part& w, int64_t axis) const {
    const Tensor *scale = scale_of(w), *zero = g_.constant_of(w.zero), *data = g_.constant_of(w.data);
    if (!scale || !zero || !data || data->rank() != 2 || scale->shape() != zero->shape()) return false;
    if (scale->rank() == 0) return true;
    const Node& dq = g_.node(g_.producer_if(n.input(1), "DequantizeLinear"));
    int64_t along = dq.i("axis", 1);
    return scale->rank() == 1 && scale->size() == data->dim(axis) && (along < 0 ? along + 2 : along) == axis;
  }

  bool suits(DType a, DType w) const { return a == DType::u8 || (a == DType::i8 && w == DType::i8); }

  int gemm(NodeId id, const Node& n) {
    auto w = operand(g_, n.input(1)), any = operand(g_, n.input(0));
    if (!w || !any || n.f("alpha", 1) != 1 || n.f("beta", 1) != 1 || !suits(dtype_of(*any), dtype_of(*w))) return 0;
    auto x = single(n.input(0), dtype_of(*any));
    if (!x || !by_columns(n, *w, n.i("transB", 0) ? 0 : 1)) return 0;
    ValueId bias = n.input(2) == k_none ? k_none : integer_bias(g_, n.input(2));
    if (n.input(2) != k_none && bias == k_none) return 0;
    std::vector<ValueId> inputs{x->data, x->scale, x->zero, w->data, w->scale, w->zero};
    std::vector<std::pair<std::string, graph::AttrValue>> attributes{{"transA", n.i("transA", 0)}, {"transB", n.i("transB", 0)}};
    auto t = target(g_, n.outputs[0]);
    if (t && t->dtype == dtype_of(*x)) {
      inputs.insert(inputs.end(), {bias, t->parameters.scale, t->parameters.zero});
      become_integer(g_, id, "QGemm", k_domain, std::move(inputs), *t, std::move(attributes));
    } else {
      if (bias != k_none) inputs.push_back(bias);
      Target real{n.outputs[0], {}, DType::f32, {}};
      become_integer(g_, id, "QGemm", k_domain, std::move(inputs), real, std::move(attributes));
    }
    return 1;
  }

  // A product that goes on in float; QLinearMatMul has taken the others.
  int matmul(NodeId id, const Node& n) {
    auto w = operand(g_, n.input(1)), any = operand(g_, n.input(0));
    if (!w || !any || !suits(dtype_of(*any), dtype_of(*w))) return 0;
    auto x = single(n.input(0), dtype_of(*any));
    if (!x || !by_columns(n, *w, 1)) return 0;
    Target real{n.outputs[0], {}, DType::f32, {}};
    become_integer(g_, id, "MatMulIntegerToFloat", k_domain, {x->data, w->data, x->scale, w->scale, x->zero, w->zero}, real, {});
    return 1;
  }

  int binary(NodeId id, const Node& n) {
    auto t = target(g_, n.outputs[0]);
    if (!t) return 0;
    auto a = single(n.input(0), t->dtype), b = single(n.input(1), t->dtype);
    if (!a || !b) return 0;
    become_integer(g_, id, n.op == "Add" ? "QLinearAdd" : "QLinearMul", k_domain,
                   {a->data, a->scale, a->zero, b->data, b->scale, b->zero, t->parameters.scale, t->parameters.zero}, *t, {});
    return 1;
  }

  int concat(NodeId id, const Node& n) {
    auto t = target(g_, n.outputs[0]);
    if (!t) return 0;
    std::vector<ValueId> inputs{t->parameters.scale, t->parameters.zero};
    for (ValueId v : n.inputs) {
      auto p = single(v, t->dtype);
      if (!p) return 0;
      inputs.insert(inputs.end(), {p->data, p->scale, p->zero});
    }
    become_integer(g_, id, "QLinearConcat", k_domain, std::move(inputs), *t, n.attributes);
    return 1;
  }

  int where(NodeId id, const Node& n) {
    auto t = target(g_, n.outputs[0]);
    if (!t) return 0;
    auto x = single(n.input(1), t->dtype), y = single(n.input(2), t->dtype);
    if (!x || !y) return 0;
    become_integer(g_, id, "QLinearWhere", k_domain,
                   {n.input(0), x->data, x->scale, x->zero, y->data, y->scale, y->zero, t->parameters.scale, t->parameters.zero}, *t, {});
    return 1;
  }

  int unary(NodeId id, const Node& n) {
    if (n.has("dilations")) return 0;
    auto t = target(g_, n.outputs[0]);
    auto x = t ? single(n.input(0), t->dtype) : std::nullopt;
    if (!x) return 0;
    const std::string op = "QLinear" + n.op;
    become_integer(g_, id, op.c_str(), k_domain, {x->data, x->scale, x->zero, t->parameters.scale, t->parameters.zero}, *t, n.attributes);
    return 1;
  }

  Graph& g_;
  int changed_ = 0;
};

}  // namespace

int to_microsoft_operators(Graph& g) { return Microsoft(g).run(); }

}  // namespace mo::quantize
