// Cross-layer equalization (Nagel et al. 2019, "Data-free quantization through weight equalization and bias correction"): channels between two
// products are scaled so that both need the same range for them. Positive factors pass through Relu.
#include <cmath>
#include <map>

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

struct Pair {
  NodeId first, second;
  ValueId between;  // what the second reads
};

bool is_product(const Graph& g, NodeId id) {
  if (id == k_none) return false;
  const Node& n = g.node(id);
  if (!n.is("Conv") && !n.is("Gemm") && !n.is("MatMul")) return false;
  auto place = weight_of(g, n);
  return place && g.constant_of(n.input(place->input))->dtype() == DType::f32 &&
         (n.is("Conv") || g.constant_of(n.input(place->input))->rank() == 2) && !n.i("transA", 0);
}

std::vector<Pair> pairs(const Graph& g) {
  std::vector<Pair> found;
  for (NodeId id : g.order()) {
    if (!is_product(g, id)) continue;
    ValueId v = g.node(id).input(0), at = v;
    if (g.sole_user(v) != id) continue;
    NodeId p = g.value(at).producer;
    while (p != k_none && (g.node(p).is("Relu") || g.node(p).is("LeakyRelu")) && g.sole_user(g.node(p).input(0)) == p)
      at = g.node(p).input(0), p = g.value(at).producer;
    // A convolution and a product meet in different axes: their channels do not line up.
    if (is_product(g, p) && g.node(p).is("Conv") == g.node(id).is("Conv") && (g.node(p).input(2) == k_none || g.constant_of(g.node(p).input(2))))
      found.push_back({p, id, v});
  }
  return found;
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

std::vector<Rescale> equalize(Graph& g, Result& result) {
  std::map<std::string, Rescale> total;
  Graph scratch = g;
  std::vector<Pair> chain = pairs(scratch);
  for (int round = 0; round < k_rounds; ++round) {
    double moved = 0;
    for (const Pair& p : chain) {
      const Node first = scratch.node(p.first), second = scratch.node(p.second);
      auto place = weight_of(scratch, first);
      Matrix m = rows_of(*scratch.constant_of(first.input(place->input)), place->axis);
      std::vector<float> in = reach_of_inputs(scratch, second, m.rows), factor(static_cast<size_t>(m.rows), 1.0f);
      for (int64_t r = 0; r < m.rows; ++r) {
        float out = 0;
        for (int64_t c = 0; c < m.cols; ++c) out = std::max(out, std::abs(m.row(r)[c]));
        float other = in[static_cast<size_t>(r)];
        // Dead channels stay as they are; extreme factors would turn a bias into an outlier.
        if (out > 1e-6f && other > 1e-6f) factor[static_cast<size_t>(r)] = std::clamp(std::sqrt(out / other), 1e-3f, 1e3f);
        moved = std::max(moved, static_cast<double>(std::abs(std::log(factor[static_cast<size_t>(r)]))));
      }
      Rescale once{scratch.value(p.between).name, factor, {second.name}};
      apply_rescale(scratch, once);
      Rescale& all = total[once.value];
      if (all.factor.empty()) all = once;
      else
        for (size_t i = 0; i < factor.size(); ++i) all.factor[i] *= factor[i];
    }
    if (moved < 0.01) break;
  }
  std::vector<Rescale> done;
  for (const Pair& p : chain) done.push_back(total[g.value(p.between).name]);
  if (done.empty()) result.warnings.push_back("equalization: no two products follow each other with nothing or Relu between them");
  for (const Rescale& r : done) apply_rescale(g, r);
  return done;
}

}  // namespace mo::quantize
