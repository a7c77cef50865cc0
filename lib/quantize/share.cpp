// Weights that stand for the same numbers, stored once: tables and the products that use their transpose (tied embeddings).
#include "quantize/share.h"

#include <algorithm>
#include <cstring>

#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr int64_t k_least_bytes = 1024;  // a smaller constant costs no more than the node that would make it

template <class E>
bool is_transpose(const Tensor& a, const Tensor& b) {
  const auto *x = static_cast<const E*>(a.raw()), *y = static_cast<const E*>(b.raw());
  const int64_t rows = a.dim(0), columns = a.dim(1);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      if (x[r * columns + c] != y[c * rows + r]) return false;
  return true;
}

bool transposed(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.rank() != 2 || b.rank() != 2 || a.dim(0) != b.dim(1) || a.dim(1) != b.dim(0)) return false;
  switch (info(a.dtype()).bits) {
    case 8: return is_transpose<uint8_t>(a, b);
    case 32: return is_transpose<uint32_t>(a, b);
    default: return false;
  }
}

// A form whose codes a table may take over: 8 bits around zero, one scale for each channel, rounded as they stand.
bool shareable(const WeightForm& f, int64_t axis) {
  return f.dtype == DType::i8 && f.symmetric && f.axis == axis && f.block == 0 && f.rounding == "nearest" && f.scale.empty();
}

bool is_integer_constant(const graph::Value& v) {
  return v.is_constant() && is_integer(v.constant.dtype()) && info(v.constant.dtype()).bits <= 8 && v.constant.bytes() >= k_least_bytes;
}

}  // namespace

bool folds_transposes(const Options& o) { return o.backend == "onnxruntime" || (o.backend == "openvino" && o.mode != "static"); }

void agree_tables(const Graph& g, const Options& o, Scheme& scheme) {
  if (!folds_transposes(o)) return;
  auto form_of = [&](const Node& n) -> NodeForm* {
    auto it = scheme.nodes.find(n.name);
    return it == scheme.nodes.end() || it->second.how == "float" || !it->second.weights ? nullptr : &it->second;
  };
  for (NodeId id : g.order()) {
    const Node& table = g.node(id);
    if (role_of(table) != Role::table || !weight_of(g, table) || !form_of(table) || o.overrides.nodes.contains(table.name)) continue;
    const Tensor& rows = *g.constant_of(table.input(0));
    for (NodeId other : g.order()) {
      const Node& product = g.node(other);
      auto place = role_of(product) == Role::compute ? weight_of(g, product) : std::nullopt;
      const NodeForm* form = place ? form_of(product) : nullptr;
      if (!form || (!product.is("MatMul") && !product.is("Gemm")) || !shareable(*form->weights, place->axis)) continue;
      const ValueId weights = product.input(place->input);
      const bool same = weights == table.input(0) && place->axis == 0;
      if (!same && !(place->axis == 1 && transposed(rows, *g.constant_of(weights)))) continue;
      WeightForm agreed = *form->weights;
      agreed.axis = 0;
      form_of(table)->weights = std::move(agreed);
      break;
    }
  }
}

int share_constants(Graph& g, bool transposes) {
  std::vector<ValueId> kept;
  int gone = 0;
  for (ValueId v = 0; v < g.value_count(); ++v)
    if (is_integer_constant(g.value(v)) && !g.value(v).users.empty() && !g.is_output(v) && !g.is_input(v)) kept.push_back(v);
  // what is looked up stays as it is
  auto looked_up = [&](ValueId v) {
    const auto& users = g.value(v).users;
    return std::any_of(users.begin(), users.end(), [&](NodeId u) { return g.node(u).is("Gather"); });
  };
  std::stable_partition(kept.begin(), kept.end(), looked_up);
  for (size_t i = 0; i < kept.size(); ++i)
    for (size_t j = i + 1; j < kept.size(); ++j) {
      const Tensor a = g.value(kept[i]).constant, b = g.value(kept[j]).constant;
      if (g.value(kept[j]).users.empty() || g.value(kept[i]).users.empty() || a.bytes() != b.bytes()) continue;
      if (identical(a, b)) {
        g.replace_uses(kept[j], kept[i]);
        ++gone;
      } else if (transposes && !looked_up(kept[j]) && transposed(a, b)) {
        ValueId turned = g.add_value(g.value(kept[j]).name + "_turned", graph::Type::tensor(b.dtype(), b.shape()));
        g.add_node(Node{.op = "Transpose", .inputs = {kept[i]}, .outputs = {turned}, .attributes = {{"perm", std::vector<int64_t>{1, 0}}}});
        g.replace_uses(kept[j], turned);
        ++gone;
      }
    }
  if (gone) {
    g.sort();
    g.remove_dead();
  }
  return gone;
}

}  // namespace mo::quantize
