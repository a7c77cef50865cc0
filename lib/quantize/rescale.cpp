// Moving a factor per channel from an activation into the weights that read it.
#include <algorithm>

#include "quantize/correct.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

// A fresh constant for input `i` of node `id`: others may share the old one.
template <class F>
void edit_constant(Graph& g, NodeId id, size_t i, F f) {
  ValueId v = g.node(id).input(i);
  Tensor t = g.constant_of(v)->clone();
  f(t);
  g.set_input(id, i, g.add_constant(g.value(v).name + "_rescaled", std::move(t)));
}

// Multiplies along the last axis (or the whole, when one element per channel).
void scale_last(Tensor& t, const std::vector<float>& by) {
  auto n = static_cast<int64_t>(by.size());
  float* x = t.mutable_data<float>();
  for (int64_t i = 0; i < t.size(); ++i) x[i] *= by[static_cast<size_t>(i % n)];
}

bool is_channel_constant(const Graph& g, ValueId v, int64_t channels) {
  const Tensor* t = g.constant_of(v);
  return t && t->dtype() == DType::f32 && t->size() == channels && t->rank() >= 1 && t->shape().back() == channels;
}

// Can what makes `v` take the factor? With `factor` it does.
bool scale_producer(Graph& g, ValueId v, const std::vector<float>* factor, int64_t channels, bool convolution, bool past_bounds) {
  NodeId p = g.value(v).producer;
  if (p == k_none) return false;
  const Node n = g.node(p);
  auto into = [&](ValueId x) { return g.sole_user(x) == p && scale_producer(g, x, factor, channels, convolution, past_bounds); };
  if (n.is("Relu") || n.is("LeakyRelu") || (past_bounds && n.is("Clip"))) return into(n.input(0));
  if (convolution && !n.is("Conv")) return false;  // elsewhere channels are the last axis
  if (!convolution && n.is("Conv")) return false;
  if (n.is("LayerNormalization")) {
    if (!is_channel_constant(g, n.input(1), channels) || (n.input(2) != k_none && !is_channel_constant(g, n.input(2), channels))) return false;
    if (factor)
      for (size_t i : {1, 2})
        if (n.input(i) != k_none) edit_constant(g, p, i, [&](Tensor& t) { scale_last(t, *factor); });
    return true;
  }
  if (n.is("Mul"))
    for (size_t i : {0, 1})
      if (is_channel_constant(g, n.input(i), channels)) {
        if (factor) edit_constant(g, p, i, [&](Tensor& t) { scale_last(t, *factor); });
        return true;
      }
  if (n.is("Add"))
    for (size_t i : {0, 1})
      if (is_channel_constant(g, n.input(i), channels)) {
        if (!into(n.input(1 - i))) return false;
        if (factor) edit_constant(g, p, i, [&](Tensor& t) { scale_last(t, *factor); });
        return true;
      }
  auto place = role_of(n) == Role::compute ? weight_of(g, n) : std::nullopt;
  if (!place || n.is("ConvTranspose")) return false;
  const Tensor& w = *g.constant_of(n.input(place->input));
  if (w.dtype() != DType::f32 || w.dim(place->axis) != channels || (!n.is("Conv") && w.rank() != 2)) return false;
  if (n.input(2) != k_none && !(is_channel_constant(g, n.input(2), channels) && bias_of(n))) return false;
  if (!factor) return true;
  edit_constant(g, p, place->input, [&](Tensor& t) {
    int64_t inner = 1;
    for (int64_t a = place->axis + 1; a < t.rank(); ++a) inner *= t.dim(a);
    float* x = t.mutable_data<float>();
    for (int64_t i = 0; i < t.size(); ++i) x[i] *= (*factor)[static_cast<size_t>(i / inner % channels)];
  });
  if (n.input(2) != k_none) edit_constant(g, p, 2, [&](Tensor& t) { scale_last(t, *factor); });
  return true;
}

void scale_reader(Graph& g, NodeId id, const std::vector<float>& factor) {
  const Node n = g.node(id);
  auto place = weight_of(g, n);
  require(place && role_of(n) == Role::compute, Code::invalid_argument, "a rescale names node '", printable(n.name),
          "', which is no product with constant weights");
  auto channels = static_cast<int64_t>(factor.size());
  const Tensor& w = *g.constant_of(n.input(place->input));
  int64_t group = n.i("group", 1), per_group = n.is("Conv") ? w.dim(1) : w.dim(1 - place->axis);
  require(per_group * group == channels, Code::invalid_argument, "a rescale of ", channels, " channels names node '", printable(n.name), "' with ",
          per_group * group, " inputs");
  edit_constant(g, id, place->input, [&](Tensor& t) {
    float* x = t.mutable_data<float>();
    if (n.is("Conv")) {
      int64_t taps = t.size() / t.dim(0) / t.dim(1), rows = t.dim(0) / group;
      for (int64_t i = 0; i < t.size(); ++i) x[i] *= factor[static_cast<size_t>(i / (taps * per_group) / rows * per_group + i / taps % per_group)];
    } else {
      int64_t inner = place->axis == 1 ? t.dim(1) : 1;
      for (int64_t i = 0; i < t.size(); ++i) x[i] *= factor[static_cast<size_t>(i / inner % channels)];
    }
  });
}

}  // namespace

void apply_rescale(Graph& g, const Rescale& r) {
  ValueId v = g.find_value(r.value);
  require(v != k_none, Code::invalid_argument, "a rescale names a value '", printable(r.value), "' that the model does not have");
  std::vector<NodeId> readers;
  for (NodeId id : g.order())
    if (std::find(r.nodes.begin(), r.nodes.end(), g.node(id).name) != r.nodes.end()) readers.push_back(id);
  require(!readers.empty() && readers.size() == r.nodes.size(), Code::invalid_argument, "a rescale of '", printable(r.value),
          "' names nodes that the model does not have");
  for (NodeId id : readers)
    require(g.node(id).input(0) == v, Code::invalid_argument, "a rescale says that node '", printable(g.node(id).name), "' reads '",
            printable(r.value), "', which it does not");
  auto channels = static_cast<int64_t>(r.factor.size());
  std::vector<float> inverse;
  for (float f : r.factor) inverse.push_back(1 / f);
  bool convolution = g.node(readers[0]).is("Conv");
  for (NodeId id : readers) scale_reader(g, id, r.factor);
  bool alone = g.use_count(v) == static_cast<int>(readers.size());
  if (alone && scale_producer(g, v, nullptr, channels, convolution, r.past_bounds)) {
    scale_producer(g, v, &inverse, channels, convolution, r.past_bounds);
  } else {
    Shape shape{channels};
    if (convolution) shape.resize(static_cast<size_t>(g.constant_of(g.node(readers[0]).input(1))->rank()) - 1, 1);
    std::string name = g.value(v).name + "_smoothed";
    ValueId by = g.add_constant(name + "_by", Tensor::of<float>(shape, std::span<const float>(inverse))), out = g.add_value(name, g.value(v).type);
    g.add_node(Node{.op = "Mul", .name = name, .inputs = {v, by}, .outputs = {out}});
    for (NodeId id : readers) g.set_input(id, 0, out);
  }
  g.sort();
  g.remove_dead();
}

}  // namespace mo::quantize
