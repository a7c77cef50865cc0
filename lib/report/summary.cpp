// Counting nodes, weights and multiply-accumulates.
#include "report/summary.h"

#include <set>

#include "base/hash.h"
#include "onnx/write.h"
#include "ops/op.h"

namespace mo::report {

namespace {

using graph::Graph;
using graph::Node;
using graph::Value;

std::string op_name(const Node& n) { return n.domain.empty() ? n.op : n.domain + "." + n.op; }

bool is_integer_op(const Node& n) {
  return n.is("ConvInteger") || n.is("MatMulInteger") || n.op.starts_with("QLinear") || n.op == "MatMulNBits" || n.op == "DynamicQuantizeLinear";
}

bool reads_dequantized(const Graph& g, const Node& n) {
  if (n.is("QuantizeLinear") || n.is("DequantizeLinear")) return false;
  for (graph::ValueId v : n.inputs)
    if (g.producer_if(v, "DequantizeLinear") != graph::k_none) return true;
  return false;
}

class Counter {
 public:
  explicit Counter(Summary& s) : s_(s) {}

  void graph(const Graph& g) {
    for (graph::ValueId v = 0; v < g.value_count(); ++v)
      if (g.value(v).is_constant()) constant(g.value(v).constant);
    for (graph::NodeId id : g.order()) {
      const Node& n = g.node(id);
      ++s_.nodes;
      ++s_.operators[op_name(n)];
      if (is_integer_op(n) || reads_dequantized(g, n)) ++s_.quantized_nodes;
      for (const auto& [name, value] : n.attributes)
        if (auto* t = std::get_if<Tensor>(&value)) constant(*t);
      for (const auto& [name, body] : graph::subgraphs(n)) graph(*body);
    }
  }

 private:
  void constant(const Tensor& t) {
    if (t.empty() || (t.size() > 0 && !seen_.insert(t.raw()).second)) return;
    s_.parameter_bytes += t.bytes();
    s_.bytes_by_dtype[name(t.dtype())] += t.bytes();
    // shapes, axes and indices are 64-bit integers, biases of integer products 32-bit; neither is a parameter by itself
    bool weight = is_floating(t.dtype()) || info(t.dtype()).bits <= 8 || t.dtype() == DType::i32;
    if (weight && t.dtype() != DType::string && t.dtype() != DType::boolean && t.size() > 1) s_.parameters += t.size();
  }

  Summary& s_;
  std::set<const void*> seen_;
};

// Cost of one run when the shapes are what inference says; bodies count once.
void count_macs(const Graph& g, Summary& s) {
  for (graph::NodeId id : g.order()) {
    const Node& n = g.node(id);
    std::vector<graph::Type> in, out;
    bool known = true;
    for (graph::ValueId v : n.inputs) {
      in.push_back(v == graph::k_none ? graph::Type() : g.value(v).type);
      if (v != graph::k_none && g.value(v).is_constant()) in.back() = graph::Type::tensor(g.value(v).constant.dtype(), g.value(v).constant.shape());
      known = known && (v == graph::k_none || in.back().is_static());
    }
    for (graph::ValueId v : n.outputs) {
      out.push_back(v == graph::k_none ? graph::Type() : g.value(v).type);
      known = known && (v == graph::k_none || out.back().is_static());
    }
    const ops::OpDef* def = ops::find(n.op, n.domain);
    if (known && def) s.macs += ops::cost_of(n, in, out).macs;
    else if (!def || def->cost) ++s.macs_unknown;
    for (const auto& [name, body] : graph::subgraphs(n)) count_macs(*body, s);
  }
}

}  // namespace

Summary summarize(const graph::Model& model) {
  Summary s;
  Counter(s).graph(model.graph);
  Graph fixed = model.graph;
  for (graph::ValueId v : fixed.inputs) {
    Value& input = fixed.value(v);
    if (input.is_constant()) continue;
    for (size_t axis = 0; axis < input.type.dims.size(); ++axis)
      if (!input.type.dims[axis].known()) {
        input.type.dims[axis] = ops::known_dim(1);
        s.free_axes.push_back(text(input.name, "[", axis, "]"));
      }
  }
  try {
    ops::infer_graph(fixed);
    count_macs(fixed, s);
  } catch (const Error&) {  // shapes of 1 that do not fit the model: the count stays open
    s.macs_unknown = s.nodes;
  }
  s.macs_complete = s.macs_unknown == 0;
  return s;
}

Saved saved_form(const graph::Model& model) {
  Saved saved;
  Sha256 sha;
  onnx::WriteOptions as_saved;
  as_saved.value_types = false;
  onnx::write_to(model, as_saved, [&](const void* data, size_t bytes) {
    sha.update(data, bytes);
    saved.bytes += static_cast<int64_t>(bytes);
  });
  saved.digest = "sha256:" + hex(sha.finish());
  return saved;
}

}  // namespace mo::report
