// The order of corrections before quantization, and bias correction after it.
#include "quantize/correct.h"

#include <algorithm>
#include <cmath>

#include "passes/quantized.h"
#include "quantize/decide.h"
#include "quantize/moments.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

bool wants(const Options& o, const char* name) { return std::find(o.corrections.begin(), o.corrections.end(), name) != o.corrections.end(); }

// Adds `shift` to what reads like a bias of node `id`: an int32 one under its DequantizeLinear, a float one, that of an Add behind the node.
bool shift_bias(Graph& g, NodeId id, const std::vector<double>& shift) {
  auto channels = static_cast<int64_t>(shift.size());
  auto add_to = [&](ValueId v) -> ValueId {
    const Tensor* t = g.constant_of(v);
    if (!t || t->dtype() != DType::f32 || t->size() != channels || t->rank() == 0 || t->shape().back() != channels) return k_none;
    Tensor moved = t->clone();
    for (int64_t i = 0; i < channels; ++i) moved.mutable_data<float>()[i] += static_cast<float>(shift[static_cast<size_t>(i)]);
    return g.add_constant(g.value(v).name + "_corrected", std::move(moved));
  };
  const Node n = g.node(id);
  if (n.is("Conv") || n.is("Gemm")) {
    ValueId b = n.input(2);
    if (b == k_none) {
      std::vector<float> fresh(shift.begin(), shift.end());
      g.set_input(id, 2, g.add_constant(n.name + "_bias", Tensor::of<float>({channels}, std::span<const float>(fresh))));
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
      double by = std::nearbyint(shift[static_cast<size_t>(i)] / scale->number(scale->size() == 1 ? 0 : i));
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

}  // namespace

std::vector<Rescale> correct_scales(Result& result, const Calibration* calibration, const Options& o, std::unique_ptr<Calibration>& again,
                                    Control* control) {
  std::vector<Rescale> all;
  Graph& g = result.model.graph;
  auto take = [&](std::vector<Rescale> more) { all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end())); };
  auto samples = [&](const char* name) {
    require(calibration && !calibration->kept_inputs().empty(), Code::invalid_argument, name,
            " needs samples: feed a calibration (statistics loaded from a file hold none)");
  };
  if (wants(o, "equalization")) take(equalize(g, result));
  if (wants(o, "smoothquant")) {
    require(o.mode != "weight_only", Code::invalid_argument,
            "smoothquant moves the difficulty from activations to weights: it has no sense in mode weight_only (awq has)");
    samples("smoothquant");
    take(smooth(g, *calibration, o, result, control));
  }
  if (wants(o, "awq")) {
    require(o.mode == "weight_only", Code::invalid_argument, "awq is a correction of mode weight_only (smoothquant is its sibling for activations)");
    samples("awq");
    take(awq(g, *calibration, o, result, control));
  }
  if (!all.empty() && o.mode == "static") {
    samples("equalization and smoothquant in mode static change what calibration saw: it");
    CalibrationOptions c;
    c.threads = o.threads;
    c.attention = o.attention;
    again = std::make_unique<Calibration>(result.model, c);
    for (const runtime::Named& inputs : calibration->kept_inputs()) again->feed(inputs, control);
  }
  return all;
}

std::set<std::string> to_correct(const Graph& g, const Scheme& scheme, const Options& o) {
  bool all = wants(o, "bias_correction"), convolutions = wants(o, "auto") && o.mode == "static";
  std::set<std::string> nodes;
  if (!all && !convolutions) return nodes;
  for (NodeId id : g.order()) {
    auto form = scheme.nodes.find(g.node(id).name);
    if (form != scheme.nodes.end() && form->second.how != "float" && form->second.weights && (all || g.node(id).is("Conv")))
      nodes.insert(form->first);
  }
  return nodes;
}

void correct_biases(const Graph& before, Result& result, const std::set<std::string>& nodes, const Calibration* calibration, const Options& o,
                    Control* control) {
  if (!calibration || calibration->kept_inputs().empty()) {
    result.warnings.push_back("bias correction learns from samples, and none are at hand: biases are unchanged");
    return;
  }
  MomentsOptions m;
  m.gram = false;
  m.threads = o.threads;
  auto moments = collect_moments(before, nodes, calibration->kept_inputs(), m, control);
  Graph& g = result.model.graph;
  std::map<std::string_view, NodeId> original;
  for (NodeId id : before.order()) original[before.node(id).name] = id;
  for (NodeId id : std::vector<NodeId>(g.order())) {
    const Node n = g.node(id);
    auto found = moments.find(n.name);
    if (found == moments.end() || found->second.rows <= 0 || !(n.is("Conv") || n.is("MatMul") || n.is("Gemm"))) continue;
    const Node& old = before.node(original.at(n.name));
    auto place = weight_of(before, old);
    Tensor rounded = passes::float_constant(g, n.input(place->input));
    if (rounded.empty()) continue;
    Matrix was = rows_of(*before.constant_of(old.input(place->input)), place->axis), is = rows_of(rounded, place->axis);
    const InputMoments& x = found->second;
    std::vector<double> shift(static_cast<size_t>(was.rows), 0.0);
    for (int64_t r = 0; r < was.rows; ++r) {
      const auto& mean = x.mean[static_cast<size_t>(r * x.groups / was.rows)];
      for (int64_t c = 0; c < was.cols; ++c) shift[static_cast<size_t>(r)] += (was.row(r)[c] - is.row(r)[c]) * mean[static_cast<size_t>(c)] / x.rows;
    }
    shift_bias(g, id, shift);
  }
  g.sort();
  g.remove_dead();
}

}  // namespace mo::quantize
