// The table of roles, and the weight axis of each operator (Conv [m, c/g, ...], ConvTranspose [c, m/g, ...], Gemm by transB, MatMul last).
#include "quantize/traits.h"

#include <algorithm>

namespace mo::quantize {

namespace {

struct Row {
  const char* op;
  Role role;
};

constexpr Row k_rows[] = {
    {"Conv", Role::compute},       {"ConvTranspose", Role::compute}, {"Gemm", Role::compute},
    {"MatMul", Role::compute},     {"Add", Role::combine},           {"Mul", Role::combine},
    {"Concat", Role::combine},     {"AveragePool", Role::combine},   {"GlobalAveragePool", Role::combine},
    {"Resize", Role::combine},     {"MaxPool", Role::move},          {"Reshape", Role::move},
    {"Flatten", Role::move},       {"Transpose", Role::move},        {"Squeeze", Role::move},
    {"Unsqueeze", Role::move},     {"DepthToSpace", Role::move},     {"SpaceToDepth", Role::move},
    {"Slice", Role::move},         {"Identity", Role::move},         {"Split", Role::move},
    {"Pad", Role::move},           {"Relu", Role::activate},         {"Clip", Role::activate},
    {"LeakyRelu", Role::activate}, {"Gather", Role::table},
};

}  // namespace

Role role_of(const graph::Node& node) {
  if (!node.domain.empty()) return Role::none;
  for (const Row& row : k_rows)
    if (node.op == row.op) return row.role;
  return Role::none;
}

std::optional<WeightPlace> weight_of(const graph::Graph& g, const graph::Node& node) {
  auto constant = [&](size_t i) {
    const Tensor* t = g.constant_of(node.input(i));
    return t && is_floating(t->dtype()) ? t : nullptr;
  };
  if (node.is("Conv") && constant(1)) return WeightPlace{1, 0};
  if (node.is("ConvTranspose") && constant(1)) return WeightPlace{1, 1};
  if (node.is("Gemm") && constant(1)) return WeightPlace{1, node.i("transB", 0) ? 0 : 1};
  if (node.is("MatMul"))
    if (const Tensor* w = constant(1); w && w->rank() >= 2) return WeightPlace{1, w->rank() - 1};
  if (node.is("Gather") && constant(0) && constant(0)->rank() == 2 && node.i("axis", 0) == 0) return WeightPlace{0, 1};
  return std::nullopt;
}

std::optional<size_t> bias_of(const graph::Node& node) {
  if ((node.is("Conv") || node.is("ConvTranspose")) && node.input(2) != graph::k_none) return 2;
  if (node.is("Gemm") && node.input(2) != graph::k_none && node.f("alpha", 1) == 1 && node.f("beta", 1) == 1) return 2;
  return std::nullopt;
}

std::vector<size_t> data_inputs(const graph::Node& node) {
  if (role_of(node) != Role::combine || node.is("Resize")) return {0};
  std::vector<size_t> all;
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (node.inputs[i] != graph::k_none) all.push_back(i);
  return all;
}

bool is_recurrent(const graph::Node& node) { return node.is("LSTM") || node.is("GRU") || node.is("RNN"); }

bool has_dynamic_lstm(const graph::Graph& g, const graph::Node& node) {
  if (!node.is("LSTM") || node.i("layout", 0) != 0) return false;
  for (size_t i : {1, 2}) {
    const Tensor* w = g.constant_of(node.input(i));
    if (!w || w->dtype() != DType::f32 || w->rank() != 3 || w->size() == 0) return false;
  }
  return true;
}

bool is_product_of_activations(const graph::Graph& g, const graph::Node& node) {
  if (!node.is("MatMul")) return false;
  for (size_t i : {0, 1}) {
    graph::ValueId v = node.input(i);
    if (v == graph::k_none || g.constant_of(v) || g.value(v).type.dtype != DType::f32) return false;
  }
  return true;
}

}  // namespace mo::quantize
