// Bias correction: what rounding the weights moves the mean of a channel by is taken off its bias.
#include <algorithm>
#include <cmath>

#include "passes/quantized.h"
#include "quantize/correct.h"
#include "quantize/moments.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

// Adds `shift` to what reads like a bias of node `id`: an int32 one under its DequantizeLinear, a float one, that of an Add behind the node.
bool shift_bias(Graph& g, NodeId id, const std::vector<float>& shift) {
  auto channels = static_cast<int64_t>(shift.size());
  auto add_to = [&](ValueId v) -> ValueId {
    const Tensor* t = g.constant_of(v);
    if (!t || t->dtype() != DType::f32 || t->size() != channels || t->rank() == 0 || t->shape().back() != channels) return k_none;
    Tensor moved = t->clone();
    for (int64_t i = 0; i < channels; ++i) moved.mutable_data<float>()[i] += shift[static_cast<size_t>(i)];
    return g.add_constant(g.value(v).name + "_corrected", std::move(moved));
  };
  const Node n = g.node(id);
  if (n.is("Conv") || n.is("Gemm")) {
    ValueId b = n.input(2);
    if (b == k_none) {
      g.set_input(id, 2, g.add_constant(n.name + "_bias", Tensor::of<float>({channels}, std::span<const float>(shift))));
      return true;
    }
    if (ValueId moved = add_to(b); moved != k_none) {
      if (n.is("Gemm") && n.f("beta", 1) != 1) return false;
      g.set_input(id, 2, moved);
      return true;
    }
    NodeId dq = g.producer_if(b, "DequantizeLinear");
    const Tensor* q = dq == k_none ? nullptr : g.constant_of(g.node(dq).input(0));
    const Tensor* scale = dq == k_none ? nullptr : g.constant_of(g.node(dq).input(1));
    if (!q || !scale || q->dtype() != DType::i32 || q->size() != channels) return false;
    Tensor moved = q->clone();
    for (int64_t i = 0; i < channels; ++i) {
      double by = std::nearbyint(static_cast<double>(shift[static_cast<size_t>(i)]) / scale->number(scale->size() == 1 ? 0 : i));
      moved.mutable_data<int32_t>()[i] = static_cast<int32_t>(std::clamp(by + static_cast<double>(moved.integer(i)), -2147483647.0, 2147483647.0));
    }
    g.set_input(dq, 0, g.add_constant(g.value(g.node(dq).input(0)).name + "_corrected", std::move(moved)));
    return true;
  }
  NodeId next = g.sole_user(n.outputs[0]);
  if (next == k_none || !g.node(next).is("Add")) return false;
  for (size_t i : {0, 1})
    if (ValueId moved = add_to(g.node(next).input(i)); moved != k_none) {
      g.set_input(next, i, moved);
      return true;
    }
  return false;
}

// The mean inputs of a convolution from those of its channels: beside the edges a tap sees the channel's mean, outside of the input zero.
std::optional<InputMoments> means_of_channels(const Graph& g, const Node& n, const Calibration& calibration) {
  if (!n.is("Conv")) return std::nullopt;
  const graph::Value& x = g.value(n.input(0));
  auto seen = calibration.statistics().find(x.name);
  const Tensor& w = *g.constant_of(n.input(1));
  InputMoments m;
  m.groups = n.i("group", 1), m.cols = w.size() / w.dim(0), m.rows = 1;
  if (seen == calibration.statistics().end() || seen->second.channel_count == 0) return std::nullopt;
  const Statistics& s = seen->second;
  if (static_cast<int64_t>(s.channel_sums.size()) != m.groups * w.dim(1)) return std::nullopt;
  std::vector<double> inside = taps_inside(n, x.type, w.shape());
  auto taps = static_cast<int64_t>(inside.size());
  for (int64_t k = 0; k < m.groups; ++k) {
    std::vector<double> mean(static_cast<size_t>(m.cols));
    for (int64_t c = 0; c < m.cols; ++c) {
      double channel = s.channel_sums[static_cast<size_t>(k * w.dim(1) + c / taps)] / static_cast<double>(s.channel_count);
      mean[static_cast<size_t>(c)] = channel * inside[static_cast<size_t>(c % taps)];
    }
    m.mean.push_back(std::move(mean));
  }
  return m;
}

// What each channel's mean moves by when weights `was` become `is`.
std::vector<float> shift_of(const Matrix& was, const Matrix& is, const InputMoments& x) {
  std::vector<float> shift;
  for (int64_t r = 0; r < was.rows; ++r) {
    const auto& mean = x.mean[static_cast<size_t>(r * x.groups / was.rows)];
    double sum = 0;
    for (int64_t c = 0; c < was.cols; ++c) sum += (was.row(r)[c] - is.row(r)[c]) * mean[static_cast<size_t>(c)] / x.rows;
    shift.push_back(static_cast<float>(sum));
  }
  return shift;
}

// By name of the node: from the statistics where they know the channels, else from the samples that the calibration kept.
std::map<std::string, InputMoments> mean_inputs(const Graph& g, std::set<std::string> nodes, const Calibration& calibration, const Options& o,
                                                Result& result, Control* control) {
  std::map<std::string, InputMoments> found;
  for (NodeId id : g.order())
    if (const Node& n = g.node(id); nodes.contains(n.name))
      if (auto m = means_of_channels(g, n, calibration)) found[n.name] = std::move(*m), nodes.erase(n.name);
  if (nodes.empty()) return found;
  if (calibration.kept_inputs().empty()) {
    result.warnings.push_back(
        text("bias correction of ", nodes.size(), " nodes learns from samples, and none are at hand: their biases are unchanged"));
    return found;
  }
  MomentsOptions m;
  m.gram = false;
  m.threads = o.threads;
  found.merge(collect_moments(g, nodes, calibration.kept_inputs(), m, control));
  return found;
}

}  // namespace

std::set<std::string> to_correct(const Graph& g, const Scheme& scheme, const Calibration* calibration, const Options& o) {
  auto wants = [&](const char* name) { return std::find(o.corrections.begin(), o.corrections.end(), name) != o.corrections.end(); };
  const bool seen = calibration && calibration->samples() > 0;
  bool all = wants("bias_correction"), convolutions = wants("auto") && (o.mode == "static" || (o.mode == "weight_only" && seen));
  std::set<std::string> nodes;
  for (NodeId id : g.order()) {
    auto form = scheme.nodes.find(g.node(id).name);
    if (form == scheme.nodes.end() || form->second.how == "float" || !form->second.weights) continue;
    const bool automatic = convolutions && g.node(id).is("Conv") && (o.mode == "static" || info(form->second.weights->dtype).bits < 8);
    if (all || automatic || !form->second.bias_shift.empty()) nodes.insert(form->first);
  }
  return nodes;
}

void correct_biases(const Graph& before, Result& result, const std::set<std::string>& nodes, const Calibration* calibration, const Options& o,
                    Control* control) {
  Graph& g = result.model.graph;
  std::set<std::string> fresh;
  for (const std::string& name : nodes)
    if (result.scheme.nodes.at(name).bias_shift.empty()) fresh.insert(name);
  std::map<std::string, InputMoments> moments;
  if (!fresh.empty() && calibration) moments = mean_inputs(before, fresh, *calibration, o, result, control);
  if (!fresh.empty() && !calibration && fresh.size() == nodes.size())
    result.warnings.push_back("bias correction learns from samples, and none are at hand: biases are unchanged");
  std::map<std::string_view, NodeId> original;
  for (NodeId id : before.order()) original[before.node(id).name] = id;
  for (NodeId id : std::vector<NodeId>(g.order())) {
    const Node n = g.node(id);
    if (!nodes.contains(n.name) || !(n.is("Conv") || n.is("MatMul") || n.is("Gemm"))) continue;
    std::vector<float>& shift = result.scheme.nodes.at(n.name).bias_shift;
    const Node& old = before.node(original.at(n.name));
    auto place = weight_of(before, old);
    const int64_t channels = before.constant_of(old.input(place->input))->dim(place->axis);
    if (shift.empty()) {
      auto found = moments.find(n.name);
      if (found == moments.end() || found->second.rows <= 0) continue;
      Tensor rounded = passes::float_constant(g, n.input(place->input));
      if (rounded.empty()) continue;
      shift = shift_of(rows_of(*before.constant_of(old.input(place->input)), place->axis), rows_of(rounded, place->axis), found->second);
    }
    require(static_cast<int64_t>(shift.size()) == channels, Code::invalid_argument, "the scheme shifts ", shift.size(), " biases of node '",
            printable(n.name), "', which has ", channels, " channels");
    shift_bias(g, id, shift);
  }
  g.sort();
  g.remove_dead();
}

}  // namespace mo::quantize
