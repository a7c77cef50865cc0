// Rows of products (a convolution's receptive fields are its rows) summed while the model runs.
#include "quantize/moments.h"

#include <algorithm>
#include <cmath>

#include "quantize/linear_algebra.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::Node;
using graph::NodeId;

constexpr int64_t k_chunk = 256;  // rows handed over at once

struct Geometry {
  int64_t group, channels;  // channels of one group
  Shape kernel, stride, dilation, pad, out;
};

Geometry geometry(const Node& n, const Shape& x, const Shape& w) {
  Geometry g{n.i("group", 1), w[1], {}, {}, {}, {}, {}};
  size_t dims = w.size() - 2;
  std::vector<int64_t> stride = n.ints("strides"), dilation = n.ints("dilations"), pads = n.ints("pads");
  std::string automatic = n.s("auto_pad", "NOTSET");
  for (size_t d = 0; d < dims; ++d) {
    int64_t k = w[d + 2], s = stride.empty() ? 1 : stride[d], t = dilation.empty() ? 1 : dilation[d], size = x[d + 2], reach = (k - 1) * t + 1;
    int64_t before = pads.empty() ? 0 : pads[d], after = pads.empty() ? 0 : pads[d + dims];
    if (automatic == "VALID") before = after = 0;
    if (automatic.starts_with("SAME")) {
      int64_t total = std::max<int64_t>(0, ((size + s - 1) / s - 1) * s + reach - size);
      before = automatic == "SAME_UPPER" ? total / 2 : total - total / 2, after = total - before;
    }
    g.kernel.push_back(k), g.stride.push_back(s), g.dilation.push_back(t), g.pad.push_back(before);
    g.out.push_back(std::max<int64_t>(0, (size + before + after - reach) / s + 1));
  }
  return g;
}

void conv_rows(const Node& n, const Tensor& x, const Tensor& w, int64_t limit, int64_t turn,
               const std::function<void(int64_t, const float*, int64_t, int64_t)>& f) {
  Geometry g = geometry(n, x.shape(), w.shape());
  int64_t positions = element_count(g.out), batch = x.dim(0), taps = element_count(g.kernel), cols = g.channels * taps, plane = 1;
  for (size_t d = 2; d < x.shape().size(); ++d) plane *= x.shape()[d];
  // An odd step is coprime to most widths, so that samples do not fall on one column of the picture.
  int64_t total = batch * positions, step = std::max<int64_t>(1, total / std::max<int64_t>(1, limit)) | 1;
  std::vector<float> rows(static_cast<size_t>(k_chunk * cols));
  std::vector<int64_t> offset(static_cast<size_t>(taps));
  const float* data = x.data<float>();
  for (int64_t group = 0; group < g.group; ++group) {
    int64_t filled = 0;
    for (int64_t at = turn % step; at < total; at += step) {
      int64_t image = at / positions, rest = at % positions;
      std::vector<int64_t> origin(g.kernel.size());
      for (size_t d = g.kernel.size(); d-- > 0;) origin[d] = rest % g.out[d] * g.stride[d] - g.pad[d], rest /= g.out[d];
      for (int64_t t = 0; t < taps; ++t) {
        int64_t left = t, where = 0, scale = 1;
        bool inside = true;
        for (size_t d = g.kernel.size(); d-- > 0;) {
          int64_t p = origin[d] + left % g.kernel[d] * g.dilation[d];
          left /= g.kernel[d];
          inside &= p >= 0 && p < x.shape()[d + 2];
          where += p * scale, scale *= x.shape()[d + 2];
        }
        offset[static_cast<size_t>(t)] = inside ? where : -1;
      }
      float* row = rows.data() + filled * cols;
      for (int64_t c = 0; c < g.channels; ++c) {
        const float* src = data + (image * g.group * g.channels + group * g.channels + c) * plane;
        for (int64_t t = 0; t < taps; ++t) row[c * taps + t] = offset[static_cast<size_t>(t)] < 0 ? 0 : src[offset[static_cast<size_t>(t)]];
      }
      if (++filled == k_chunk) f(group, rows.data(), filled, cols), filled = 0;
    }
    if (filled) f(group, rows.data(), filled, cols);
  }
}

}  // namespace

void product_rows(const Node& node, const Tensor& x, const Tensor& weights, int64_t limit, int64_t turn,
                  const std::function<void(int64_t, const float*, int64_t, int64_t)>& f) {
  if (node.is("Conv")) return conv_rows(node, x, weights, limit, turn, f);
  int64_t cols = x.rank() ? x.shape().back() : 0;
  if (cols == 0) return;
  int64_t total = x.size() / cols, step = std::max<int64_t>(1, total / std::max<int64_t>(1, limit));
  const float* data = x.data<float>();
  if (step == 1) return f(0, data, total, cols);
  std::vector<float> rows;
  for (int64_t r = turn % step; r < total; r += step) rows.insert(rows.end(), data + r * cols, data + (r + 1) * cols);
  f(0, rows.data(), static_cast<int64_t>(rows.size()) / cols, cols);
}

std::vector<double> taps_inside(const Node& node, const graph::Type& x, const Shape& weights) {
  std::vector<double> share{1.0};
  bool sized = x.ranked && x.dims.size() == weights.size();
  Shape shape;
  for (size_t d = 0; sized && d < x.dims.size(); ++d) shape.push_back(x.dims[d].size), sized = d < 2 || x.dims[d].size > 0;
  if (!sized) return std::vector<double>(static_cast<size_t>(element_count(Shape(weights.begin() + 2, weights.end()))), 1.0);
  Geometry g = geometry(node, shape, weights);
  for (size_t d = 0; d < g.kernel.size(); ++d) {
    std::vector<double> longer;
    for (double before : share)
      for (int64_t t = 0; t < g.kernel[d]; ++t) {
        int64_t inside = 0;
        for (int64_t o = 0; o < g.out[d]; ++o) {
          int64_t at = o * g.stride[d] - g.pad[d] + t * g.dilation[d];
          inside += at >= 0 && at < shape[d + 2];
        }
        longer.push_back(before * static_cast<double>(inside) / static_cast<double>(std::max<int64_t>(1, g.out[d])));
      }
    share = std::move(longer);
  }
  return share;
}

int64_t gram_bytes(const Graph& g, const Node& n) {
  auto place = weight_of(g, n);
  if (!place || role_of(n) != Role::compute || n.is("ConvTranspose")) return 0;
  const Tensor& w = *g.constant_of(n.input(place->input));
  if (w.dtype() != DType::f32 || w.size() == 0 || (!n.is("Conv") && w.rank() != 2)) return 0;
  int64_t cols = w.size() / w.dim(place->axis);
  return cols * cols * 4 * n.i("group", 1);
}

std::map<std::string, InputMoments> collect_moments(const Graph& g, const std::set<std::string>& nodes, const std::vector<runtime::Named>& samples,
                                                    const MomentsOptions& options, Control* control) {
  std::map<std::string, InputMoments> found;
  std::map<std::string, std::vector<NodeId>, std::less<>> readers;  // by name of the value
  for (NodeId id : g.order()) {
    const Node& n = g.node(id);
    if (!nodes.contains(n.name) || gram_bytes(g, n) == 0 || (n.is("Gemm") && n.i("transA", 0))) continue;
    auto place = weight_of(g, n);
    const Tensor& w = *g.constant_of(n.input(place->input));
    InputMoments& m = found[n.name];
    m.groups = n.i("group", 1), m.cols = w.size() / w.dim(place->axis);
    for (int64_t k = 0; k < m.groups; ++k) {
      m.gram.emplace_back(options.gram ? static_cast<size_t>(m.cols * m.cols) : 0, 0.0f);
      m.mean.emplace_back(static_cast<size_t>(m.cols), 0.0);
      m.largest.emplace_back(static_cast<size_t>(m.cols), 0.0f);
    }
    if (!options.gram) m.gram.clear();
    readers[g.value(n.input(0)).name].push_back(id);
  }
  if (found.empty() || samples.empty()) return {};
  runtime::SessionOptions session_options;
  session_options.threads = options.threads;
  for (const auto& [value, ids] : readers) session_options.observed.push_back(value);
  runtime::Session session(g, session_options);
  int64_t limit = std::max<int64_t>(16, options.rows_per_node / static_cast<int64_t>(samples.size()));
  int64_t done = 0;
  runtime::RunOptions run;
  run.control = control;
  run.on_value = [&](const std::string& value, const Tensor& x) {
    auto it = readers.find(value);
    if (it == readers.end() || x.dtype() != DType::f32) return;
    for (NodeId id : it->second) {
      const Node& n = g.node(id);
      InputMoments& m = found[n.name];
      product_rows(n, x, *g.constant_of(n.input(weight_of(g, n)->input)), limit, done,
                   [&](int64_t group, const float* rows, int64_t count, int64_t cols) {
                     if (cols != m.cols) return;
                     double check = 0;
                     for (int64_t i = 0; i < count * cols; ++i) check += vanishing(rows[i]);
                     if (check != 0) return;  // NaN, infinity or close to it: these rows say nothing
                     auto k = static_cast<size_t>(group);
                     if (options.gram) add_gram(rows, count, cols, m.gram[k].data());
                     for (int64_t r = 0; r < count; ++r)
                       for (int64_t c = 0; c < cols; ++c) {
                         float v = rows[r * cols + c];
                         m.mean[k][static_cast<size_t>(c)] += v;
                         m.largest[k][static_cast<size_t>(c)] = std::max(m.largest[k][static_cast<size_t>(c)], std::abs(v));
                       }
                     if (group == 0) m.rows += static_cast<double>(count);
                   });
    }
  };
  for (const runtime::Named& sample : samples) {
    session.run(sample, run);
    progress(control, "input statistics", ++done, static_cast<int64_t>(samples.size()));
  }
  return found;
}

}  // namespace mo::quantize
