// Operators of ONNX Runtime's own domain that have an equal in the standard: activations, products, normalisations.
#include "base/error.h"
#include "onnx/legalize/legalize.h"

namespace mo::onnx {

using graph::k_none;
using graph::ValueId;

namespace {

// Sums the input with an optional bias in front of the node.
ValueId with_bias(Upgrade& u, size_t bias) {
  return u.node.input(bias) == k_none ? u.node.input(0) : u.emit("Add", {u.node.input(0), u.node.input(bias)});
}

bool to_gelu(Upgrade& u, ValueId x, const char* approximate) {
  u.node.op = "Gelu";
  u.node.domain.clear();
  u.node.attributes.clear();
  if (approximate) u.node.set("approximate", std::string(approximate));
  u.node.inputs = {x};
  return true;
}

bool skip_norm(Upgrade& u, const char* op, size_t scale, size_t bias, size_t extra, bool keep_bias) {
  graph::Node& n = u.node;
  ValueId sum = u.emit("Add", {n.input(0), n.input(1)});
  if (n.input(extra) != k_none) sum = u.emit("Add", {sum, n.input(extra)});
  // Output 3, the sum, is a value of its own: an Identity gives it its name.
  if (n.output(3) != k_none) {
    graph::Node same;
    same.op = "Identity";
    same.name = n.name + "/sum";
    same.inputs = {sum};
    same.outputs = {n.output(3)};
    u.helpers.push_back(std::move(same));
  }
  float epsilon = n.f("epsilon", 1e-12f);
  std::vector<ValueId> inputs = {sum, n.input(scale)};
  if (keep_bias && n.input(bias) != k_none) inputs.push_back(n.input(bias));
  require(n.output(1) == k_none && n.output(2) == k_none, Code::unsupported, "mean and deviation outputs of ", n.op);
  n.op = op;
  n.domain.clear();
  n.attributes.clear();
  n.set("epsilon", epsilon);
  n.set("axis", int64_t{-1});
  n.inputs = std::move(inputs);
  n.outputs.resize(1);
  return true;
}

}  // namespace

bool upgrade_gelu(Upgrade& u) { return to_gelu(u, u.node.input(0), nullptr); }
bool upgrade_bias_gelu(Upgrade& u) { return to_gelu(u, with_bias(u, 1), nullptr); }
bool upgrade_fast_gelu(Upgrade& u) { return to_gelu(u, with_bias(u, 1), "tanh"); }

// QuickGelu<alpha>(x)  =>  Mul(x, Sigmoid(Mul(x, alpha))): the Swish of opset 24, spelled out so that the opset may stay low.
bool upgrade_quick_gelu(Upgrade& u) {
  float alpha = u.node.f("alpha", 1.702f);
  if (u.dtype(0) == DType::undefined && !u.last_chance()) return false;
  ValueId x = u.node.input(0);
  ValueId gate = u.emit("Sigmoid", {u.emit("Mul", {x, u.scalar_like("alpha", alpha, 0)})});
  u.node.op = "Mul";
  u.node.domain.clear();
  u.node.attributes.clear();
  u.node.inputs = {x, gate};
  return true;
}

// FusedMatMul<alpha, transA, transB>(a, b)  =>  Mul(MatMul(transposed a, transposed b), alpha); needs the ranks.
bool upgrade_fused_mat_mul(Upgrade& u) {
  graph::Node& n = u.node;
  require(n.i("transBatchA", 0) == 0 && n.i("transBatchB", 0) == 0, Code::unsupported, "FusedMatMul with transposed batch axes");
  const char* keys[] = {"transA", "transB"};
  for (size_t i : {0u, 1u})
    if (n.i(keys[i], 0) && u.rank(i) < 2) {
      if (!u.last_chance()) return false;
      fail(Code::unsupported, "FusedMatMul with ", keys[i], " of an operand of unknown rank");
    }
  for (size_t i : {0u, 1u}) {
    if (!n.i(keys[i], 0)) continue;
    std::vector<int64_t> perm;
    for (int64_t axis = 0; axis < u.rank(i); ++axis) perm.push_back(axis);
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    u.set_input(i, u.emit("Transpose", {n.input(i)}, {{"perm", perm}}));
  }
  float alpha = n.f("alpha", 1);
  n.domain.clear();
  n.attributes.clear();
  n.op = "MatMul";
  if (alpha == 1) return true;
  ValueId scale = u.scalar_like("alpha", alpha, 0);
  ValueId product = u.emit("MatMul", {n.input(0), n.input(1)});
  n.op = "Mul";
  n.inputs = {product, scale};
  return true;
}

// FusedGemm<activation>  =>  activation(Gemm)
bool upgrade_fused_gemm(Upgrade& u) {
  graph::Node& n = u.node;
  std::string activation = n.s("activation", "");
  n.erase("activation");
  float alpha = n.f("activation_alpha", 0), beta = n.f("activation_beta", 0);
  bool has_alpha = n.has("activation_alpha"), has_beta = n.has("activation_beta");
  n.erase("activation_alpha");
  n.erase("activation_beta");
  n.erase("activation_gamma");
  n.domain.clear();
  n.op = "Gemm";
  if (activation.empty()) return true;
  ValueId product = u.emit("Gemm", n.inputs, n.attributes);
  n.op = activation;
  n.attributes.clear();
  n.inputs = {product};
  if (has_alpha) n.set("alpha", alpha);
  if (has_beta) n.set("beta", beta);
  return true;
}

bool upgrade_skip_layer_norm(Upgrade& u) { return skip_norm(u, "LayerNormalization", 2, 3, 4, true); }
bool upgrade_skip_simplified_layer_norm(Upgrade& u) { return skip_norm(u, "RMSNormalization", 2, 0, 3, false); }

// ONNX Runtime writes this name into the standard's domain.
bool upgrade_simplified_layer_norm(Upgrade& u) {
  require(u.node.output(1) == k_none, Code::unsupported, "deviation output of SimplifiedLayerNormalization");
  u.node.op = "RMSNormalization";
  u.node.outputs.resize(1);
  return true;
}

}  // namespace mo::onnx
