// SmoothQuant (Xiao et al. 2022) and AWQ (Lin et al. 2023): channels of a product's input are divided, its weights multiplied, by a power of the
// channel's size; the exponent is searched per layer for the least error of the quantized product on sample rows.
#include <algorithm>
#include <cmath>
#include <map>

#include "quantize/correct.h"
#include "quantize/decide.h"
#include "quantize/linear_algebra.h"
#include "quantize/moments.h"
#include "quantize/select.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr int64_t k_rows = 192;   // sample rows kept of each input
constexpr double k_worth = 0.97;  // a rescale must bring the error below this part of what it was

struct Layer {
  ValueId input;
  std::vector<NodeId> readers;
  std::vector<float> rows;   // [count][channels]
  std::vector<double> size;  // per channel: mean |x| (AWQ) or max |x| (SmoothQuant)
  int64_t count = 0, channels = 0;
};

std::map<std::string, Layer, std::less<>> layers_of(const Graph& g, const Options& o) {
  NodeSelector selector(o.include, o.exclude, o.op_types);
  std::map<std::string, Layer, std::less<>> found;
  for (NodeId id : g.order()) {
    const Node& n = g.node(id);
    if ((!n.is("MatMul") && !n.is("Gemm")) || n.i("transA", 0) || !selector.refuse(n).empty()) continue;
    if (auto it = o.overrides.nodes.find(n.name); it != o.overrides.nodes.end() && it->second.how == "float") continue;
    auto place = weight_of(g, n);
    if (!place) continue;
    const Tensor& w = *g.constant_of(n.input(place->input));
    if (w.rank() != 2 || w.dtype() != DType::f32 || w.size() == 0) continue;
    Layer& l = found[g.value(n.input(0)).name];
    l.input = n.input(0);
    l.channels = w.dim(1 - place->axis);
    l.readers.push_back(id);
  }
  return found;
}

void collect(const Graph& g, std::map<std::string, Layer, std::less<>>& layers, const Calibration& calibration, bool largest, int threads,
             Control* control) {
  runtime::SessionOptions so;
  so.threads = threads;
  for (const auto& [name, l] : layers) so.observed.push_back(name);
  runtime::Session session(g, so);
  const auto& samples = calibration.kept_inputs();
  int64_t each = std::max<int64_t>(1, k_rows / static_cast<int64_t>(samples.size()));
  int64_t done = 0;
  runtime::RunOptions run;
  run.control = control;
  run.on_value = [&](const std::string& name, const Tensor& x) {
    auto it = layers.find(name);
    if (it == layers.end() || x.dtype() != DType::f32 || x.rank() == 0 || x.shape().back() != it->second.channels) return;
    Layer& l = it->second;
    l.size.resize(static_cast<size_t>(l.channels), 0.0);
    int64_t total = x.size() / l.channels, step = std::max<int64_t>(1, total / each);
    const float* data = x.data<float>();
    for (int64_t r = 0; r < total; ++r)
      for (int64_t c = 0; c < l.channels; ++c) {
        double v = std::abs(data[r * l.channels + c]);
        if (!std::isfinite(v)) v = 0;
        double& s = l.size[static_cast<size_t>(c)];
        s = largest ? std::max(s, v) : s + v;
      }
    for (int64_t r = done % step; r < total && l.count < k_rows; r += step, ++l.count)  // of every sample another place
      l.rows.insert(l.rows.end(), data + r * l.channels, data + (r + 1) * l.channels);
  };
  for (const runtime::Named& s : samples) {
    session.run(s, run);
    progress(control, "channel sizes", ++done, static_cast<int64_t>(samples.size()));
  }
  for (auto& [name, l] : layers)
    for (float& v : l.rows)
      if (!std::isfinite(v)) v = 0;
}

std::vector<float> weight_sizes(const Graph& g, const Layer& l) {
  std::vector<float> size(static_cast<size_t>(l.channels), 0.0f);
  for (NodeId id : l.readers) {
    auto place = weight_of(g, g.node(id));
    Matrix m = rows_of(*g.constant_of(g.node(id).input(place->input)), place->axis);
    for (int64_t r = 0; r < m.rows; ++r)
      for (int64_t c = 0; c < m.cols; ++c) size[static_cast<size_t>(c)] = std::max(size[static_cast<size_t>(c)], std::abs(m.row(r)[c]));
  }
  return size;
}

// Rows divided by the factor and, where activations are quantized, rounded to 8 bits over their range.
std::vector<float> rounded_rows(const Layer& l, const std::vector<float>& factor, bool activations, const Grid& grid) {
  std::vector<float> x(l.rows.size());
  float low = 0, high = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = l.rows[i] / factor[i % static_cast<size_t>(l.channels)];
    low = std::min(low, x[i]), high = std::max(high, x[i]);
  }
  if (!activations || is_floating(grid.dtype)) return x;
  Scale s = scale_of({low, high}, grid);
  float least = static_cast<float>(grid.low() - s.zero_point), most = static_cast<float>(grid.high() - s.zero_point);
  for (float& v : x) v = std::clamp(std::nearbyint(v / s.scale), least, most) * s.scale;
  return x;
}

double error_of(const Graph& g, const Layer& l, const std::vector<float>& factor, const Options& o, bool activations,
                const std::vector<std::vector<float>>& wanted) {
  std::vector<float> x = rounded_rows(l, factor, activations, {activation_dtype(o), o.activation_symmetric});
  double error = 0;
  for (size_t k = 0; k < l.readers.size(); ++k) {
    const Node& n = g.node(l.readers[k]);
    auto place = weight_of(g, n);
    Matrix m = rows_of(*g.constant_of(n.input(place->input)), place->axis);
    for (int64_t r = 0; r < m.rows; ++r)
      for (int64_t c = 0; c < m.cols; ++c) m.row(r)[c] *= factor[static_cast<size_t>(c)];
    WeightForm form = *weight_form(g, n, o);
    form.rounding = "nearest";
    if (form.range == "hqq") form.range = "minmax";
    Matrix w = real(encode(m, form, {}, nullptr));
    std::vector<float> y(static_cast<size_t>(l.count * w.rows));
    multiply(x.data(), w.values.data(), true, l.count, w.rows, l.channels, y.data());
    for (size_t i = 0; i < y.size(); ++i) error += (static_cast<double>(y[i]) - wanted[k][i]) * (static_cast<double>(y[i]) - wanted[k][i]);
  }
  return error;
}

std::vector<Rescale> search(Graph& g, const Calibration& calibration, const Options& o, bool activations, const char* name, Result& result,
                            Control* control) {
  auto layers = layers_of(g, o);
  if (layers.empty()) {
    result.warnings.push_back(text(name, ": the model has no products of matrices with constant weights"));
    return {};
  }
  collect(g, layers, calibration, activations, o.threads, control);
  std::vector<Rescale> done;
  int64_t at = 0;
  for (auto& [value, l] : layers) {
    progress(control, name, ++at, static_cast<int64_t>(layers.size()));
    if (l.count == 0) continue;
    std::vector<float> weights = weight_sizes(g, l), best_factor;
    std::vector<std::vector<float>> wanted;
    for (NodeId id : l.readers) {
      auto place = weight_of(g, g.node(id));
      Matrix m = rows_of(*g.constant_of(g.node(id).input(place->input)), place->axis);
      wanted.emplace_back(static_cast<size_t>(l.count * m.rows));
      multiply(l.rows.data(), m.values.data(), true, l.count, m.rows, l.channels, wanted.back().data());
    }
    double plain = error_of(g, l, std::vector<float>(static_cast<size_t>(l.channels), 1.0f), o, activations, wanted), best = plain * k_worth;
    for (int step = activations ? 2 : 1; step <= 9; ++step) {
      float alpha = static_cast<float>(step) / 10;
      std::vector<float> factor(static_cast<size_t>(l.channels), 1.0f);
      double mean = 0;
      for (size_t c = 0; c < factor.size(); ++c) {
        double x = std::max(l.size[c], 1e-9), w = std::max(static_cast<double>(weights[c]), 1e-9);
        double f = l.size[c] <= 0 || weights[c] <= 0 ? 1 : std::pow(x, alpha) / (activations ? std::pow(w, 1 - alpha) : 1);
        factor[c] = static_cast<float>(f);
        mean += std::log(f) / static_cast<double>(factor.size());
      }
      for (float& f : factor) f = std::clamp(static_cast<float>(f / std::exp(mean)), 1e-3f, 1e3f);
      double e = error_of(g, l, factor, o, activations, wanted);
      if (e < best) best = e, best_factor = std::move(factor);
    }
    if (best_factor.empty()) continue;
    Rescale r{value, std::move(best_factor), {}};
    for (NodeId id : l.readers) r.nodes.push_back(g.node(id).name);
    done.push_back(std::move(r));
  }
  for (const Rescale& r : done) apply_rescale(g, r);
  return done;
}

}  // namespace

std::vector<Rescale> smooth(Graph& g, const Calibration& calibration, const Options& o, Result& result, Control* control) {
  return search(g, calibration, o, true, "smoothquant", result, control);
}

std::vector<Rescale> awq(Graph& g, const Calibration& calibration, const Options& o, Result& result, Control* control) {
  return search(g, calibration, o, false, "awq", result, control);
}

}  // namespace mo::quantize
