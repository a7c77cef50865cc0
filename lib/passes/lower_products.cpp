// lower_products: Conv, Gemm, MatMul on floats  =>  mo.Conv, mo.MatMul, which take epilogues; Gemm's beta goes into its constant bias
#include "passes/match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

bool lower_conv(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  if (!is_float(g, n.input(0)) || !is_float(g, n.input(1))) return false;
  auto attributes = explicit_pads(g, n);
  if (attributes.empty() && !n.attributes.empty()) return false;
  become(g, id, "Conv", "mo", n.inputs, std::move(attributes), {});
  return true;
}

bool lower_gemm(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  if (!is_float(g, n.input(0)) || !is_float(g, n.input(1))) return false;
  std::vector<ValueId> inputs = n.inputs;
  float beta = n.f("beta", 1);
  if (n.input(2) != k_none && beta != 1) {
    const Tensor* c = g.constant_of(n.input(2));
    if (!c || c->dtype() != DType::f32) return false;
    Tensor scaled = c->clone();
    float* p = scaled.mutable_data<float>();
    for (int64_t i = 0; i < scaled.size(); ++i) p[i] *= beta;
    inputs[2] = g.add_constant(g.value(n.input(2)).name, std::move(scaled));
  }
  become(g, id, "MatMul", "mo", inputs, {{"trans_a", n.i("transA", 0)}, {"trans_b", n.i("transB", 0)}, {"alpha", n.f("alpha", 1)}}, {});
  return true;
}

bool lower_matmul(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  if (!is_float(g, n.input(0)) || !is_float(g, n.input(1))) return false;
  become(g, id, "MatMul", "mo", n.inputs, {}, {});
  return true;
}

bool run_lower_products(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    const Node& n = g.node(id);
    if (n.is("Conv")) changed |= lower_conv(g, id);
    else if (n.is("Gemm")) changed |= lower_gemm(g, id);
    else if (n.is("MatMul")) changed |= lower_matmul(g, id);
  }
  return changed;
}

}  // namespace

extern const Pass lower_products;
const Pass lower_products{"lower_products", Stage::plan, run_lower_products};

}  // namespace mo::passes
