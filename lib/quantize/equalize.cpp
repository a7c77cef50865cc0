// Cross-layer equalization (Nagel et al. 2019, "Data-free quantization through weight equalization and bias correction"): channels between two
// products are scaled so that both need the same range for them. Positive factors pass through Relu. A Clip between them (Relu6) keeps its bound: a channel that
// never reached it on the samples may be scaled as long as it still does not, others stay as they are.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "quantize/correct.h"
#include "quantize/matrix.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr int k_rounds = 12;
constexpr float k_room = 1.1f;  // what a bounded channel may still grow by before it reaches the bound

struct Pair {
  NodeId first, second;
  ValueId between;                // what the second reads
  ValueId bounded = k_none;       // what a Clip on the way reads
  float bound = 0;                // its upper one
  std::vector<float> least = {};  // of each channel's factor where there is a Clip; 0: the channel keeps 1
};

bool is_product(const Graph& g, NodeId id) {
  if (id == k_none) return false;
  const Node& n = g.node(id);
  if (!n.is("Conv") && !n.is("Gemm") && !n.is("MatMul")) return false;
  auto place = weight_of(g, n);
  return place && g.constant_of(n.input(place->input))->dtype() == DType::f32 &&
         (n.is("Conv") || g.constant_of(n.input(place->input))->rank() == 2) && !n.i("transA", 0);
}

// Clip from 0 to a constant.
std::optional<float> bound_of(const Graph& g, const Node& n) {
  if (!n.is("Clip")) return std::nullopt;
  const Tensor *low = g.constant_of(n.input(1)), *high = g.constant_of(n.input(2));
  if (!low || low->size() != 1 || low->number() != 0 || !high || high->size() != 1 || !(high->number() > 0)) return std::nullopt;
  return static_cast<float>(high->number());
}

std::vector<Pair> pairs(const Graph& g, bool past_bounds) {
  std::vector<Pair> found;
  for (NodeId id : g.order()) {
    if (!is_product(g, id)) continue;
    ValueId v = g.node(id).input(0), at = v;
    if (g.sole_user(v) != id) continue;
    NodeId p = g.value(at).producer;
    Pair pair{k_none, id, v};
    while (p != k_none && g.sole_user(g.node(p).input(0)) == p) {
      if (auto bound = bound_of(g, g.node(p)); bound && past_bounds && pair.bounded == k_none) pair.bounded = g.node(p).input(0), pair.bound = *bound;
      else if (!g.node(p).is("Relu") && !g.node(p).is("LeakyRelu")) break;
      at = g.node(p).input(0), p = g.value(at).producer;
    }
    // A convolution and a product meet in different axes: their channels do not line up.
    if (is_product(g, p) && g.node(p).is("Conv") == g.node(id).is("Conv") && (g.node(p).input(2) == k_none || g.constant_of(g.node(p).input(2))))
      pair.first = p, found.push_back(std::move(pair));
  }
  return found;
}

// How far each bounded channel came up on the samples decides what its factor may be.
void limit(const Graph& g, std::vector<Pair>& chain, const Calibration& calibration, int threads, Control* control) {
  std::map<std::string, std::vector<float>> reached;
  runtime::SessionOptions session_options;
  session_options.threads = threads;
  for (const Pair& p : chain)
    if (p.bounded != k_none) session_options.observed.push_back(g.value(p.bounded).name);
  if (session_options.observed.empty()) return;
  std::set<std::string> convolutions;
  for (const Pair& p : chain)
    if (p.bounded != k_none && g.node(p.first).is("Conv")) convolutions.insert(g.value(p.bounded).name);
  runtime::Session session(g, session_options);
  runtime::RunOptions run;
  run.control = control;
  run.on_value = [&](const std::string& name, const Tensor& x) {
    if (x.dtype() != DType::f32 || x.rank() < 2) return;
    const bool conv = convolutions.contains(name);
    const int64_t channels = conv ? x.dim(1) : x.shape().back(), inner = conv ? x.size() / std::max<int64_t>(1, x.dim(0) * channels) : 1;
    std::vector<float>& most = reached[name];
    most.resize(static_cast<size_t>(channels), 0.0f);
    const float* v = x.data<float>();
    for (int64_t i = 0; i < x.size(); ++i) {
      float& m = most[static_cast<size_t>(i / inner % channels)];
      m = v[i] > m || std::isnan(v[i]) ? v[i] : m;
    }
  };
  for (const runtime::Named& inputs : calibration.kept_inputs()) session.run(inputs, run);
  for (Pair& p : chain) {
    if (p.bounded == k_none) continue;
    for (float m : reached[g.value(p.bounded).name]) p.least.push_back(m < p.bound ? std::max(1e-3f, k_room * m / p.bound) : 0.0f);
  }
}

// Factors of a pair whose bounds leave some channels alone: those of the others are seen beside them. A factor for all would change nothing. Dead channels have 0.
void fit(std::vector<float>& factor, const std::vector<float>& total, const Pair& p) {
  std::vector<float> kept;
  for (size_t i = 0; i < factor.size(); ++i)
    if (p.least[i] == 0 && factor[i] > 0) kept.push_back(factor[i]);
  float middle = 1;
  if (!kept.empty()) {
    std::nth_element(kept.begin(), kept.begin() + static_cast<ptrdiff_t>(kept.size() / 2), kept.end());
    middle = kept[kept.size() / 2];
  }
  for (size_t i = 0; i < factor.size(); ++i) {
    const float before = total.empty() ? 1.0f : total[i];
    if (factor[i] > 0) factor[i] = p.least[i] == 0 ? 1.0f : std::max(factor[i] / middle, p.least[i] / before);
  }
}

// Largest magnitude of each input channel.
std::vector<float> reach_of_inputs(const Graph& g, const Node& n, int64_t channels) {
  auto place = weight_of(g, n);
  const Tensor& w = *g.constant_of(n.input(place->input));
  std::vector<float> reach(static_cast<size_t>(channels), 0.0f);
  const float* x = w.data<float>();
  int64_t group = n.i("group", 1);
  for (int64_t i = 0; i < w.size(); ++i) {
    int64_t c;
    if (n.is("Conv")) {
      int64_t taps = w.size() / w.dim(0) / w.dim(1), rows = w.dim(0) / group;
      c = i / (taps * w.dim(1)) / rows * w.dim(1) + i / taps % w.dim(1);
    } else {
      c = place->axis == 1 ? i / w.dim(1) : i % w.dim(1);
    }
    float& r = reach[static_cast<size_t>(c)];
    r = std::max(r, std::abs(x[i]));
  }
  return reach;
}

}  // namespace

std::vector<Rescale> equalize(Graph& g, const Calibration* calibration, const Options& options, Result& result, Control* control) {
  std::map<std::string, Rescale> total;
  Graph scratch = g;
  const bool samples = calibration && !calibration->kept_inputs().empty();
  std::vector<Pair> chain = pairs(scratch, samples);
  if (samples) limit(scratch, chain, *calibration, options.threads, control);
  for (int round = 0; round < k_rounds; ++round) {
    double moved = 0;
    for (const Pair& p : chain) {
      const Node first = scratch.node(p.first), second = scratch.node(p.second);
      auto place = weight_of(scratch, first);
      Matrix m = rows_of(*scratch.constant_of(first.input(place->input)), place->axis);
      std::vector<float> in = reach_of_inputs(scratch, second, m.rows), factor(static_cast<size_t>(m.rows), 0.0f);
      for (int64_t r = 0; r < m.rows; ++r) {
        float out = 0;
        for (int64_t c = 0; c < m.cols; ++c) out = std::max(out, std::abs(m.row(r)[c]));
        float other = in[static_cast<size_t>(r)];
        // Dead channels stay as they are; extreme factors would turn a bias into an outlier.
        if (out > 1e-6f && other > 1e-6f) factor[static_cast<size_t>(r)] = std::clamp(std::sqrt(out / other), 1e-3f, 1e3f);
      }
      const std::string value = scratch.value(p.between).name;
      if (static_cast<int64_t>(p.least.size()) == m.rows) fit(factor, total[value].factor, p);
      else if (p.bounded != k_none) std::fill(factor.begin(), factor.end(), 1.0f);  // the samples never got here
      std::replace(factor.begin(), factor.end(), 0.0f, 1.0f);
      for (float f : factor) moved = std::max(moved, static_cast<double>(std::abs(std::log(f))));
      Rescale once{value, factor, {second.name}, p.bounded != k_none};
      apply_rescale(scratch, once);
      Rescale& all = total[value];
      if (all.factor.empty()) all = once;
      else
        for (size_t i = 0; i < factor.size(); ++i) all.factor[i] *= factor[i];
    }
    if (moved < 0.01) break;
  }
  std::vector<Rescale> done;
  for (const Pair& p : chain) done.push_back(total[g.value(p.between).name]);
  if (done.empty())
    result.warnings.push_back("equalization: no two products follow each other with nothing, Relu or a bound that samples show between them");
  for (const Rescale& r : done) apply_rescale(g, r);
  return done;
}

}  // namespace mo::quantize
