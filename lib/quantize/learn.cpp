// Two nets run side by side: the float one, and one whose products are replaced as they are rounded.
#include "quantize/learn.h"

#include <algorithm>
#include <cmath>

#include "quantize/decide.h"
#include "quantize/linear_algebra.h"
#include "quantize/moments.h"
#include "quantize/stages.h"
#include "quantize/store.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::Node;
using graph::NodeId;

constexpr int64_t k_held_bytes = int64_t{960} << 20;  // of values in flight, both nets together

std::set<std::string> learners(const Graph& g, const Scheme& scheme) {
  std::set<std::string> names;
  for (NodeId id : g.order()) {
    const Node& n = g.node(id);
    auto form = scheme.nodes.find(n.name);
    if (form == scheme.nodes.end() || form->second.how == "float" || !form->second.weights || gram_bytes(g, n) == 0) continue;
    const WeightForm& w = *form->second.weights;
    auto place = weight_of(g, n);
    if (w.axis >= 0 && w.axis != place->axis) continue;
    if (is_floating(w.dtype) || (n.is("Gemm") && n.i("transA", 0))) continue;
    if (w.rounding != "nearest" || (w.range == "mse" && w.bits < 8 && w.scale.empty())) names.insert(n.name);
  }
  return names;
}

// Second moments about the mean: bias correction takes the mean error away, so that rounding need not mind it.
void centre(InputMoments& m) {
  if (m.rows <= 0) return;
  auto take = [&](std::vector<float>& gram, const std::vector<double>& a, const std::vector<double>& b) {
    for (int64_t i = 0; i < m.cols; ++i)
      for (int64_t j = 0; j < m.cols; ++j)
        gram[static_cast<size_t>(i * m.cols + j)] -= static_cast<float>(a[static_cast<size_t>(i)] * b[static_cast<size_t>(j)] / m.rows);
  };
  for (size_t g = 0; g < m.gram.size(); ++g) {
    take(m.gram[g], m.mean[g], m.mean[g]);
    if (!m.cross.empty()) take(m.cross[g], m.exact_mean[g], m.mean[g]);
  }
}

Rounded compact(const Codes& codes) {
  Rounded r{codes.q.rows, codes.q.cols, codes.block, codes.blocks, {}, codes.scale, codes.zero};
  for (float q : codes.q.values) r.q.push_back(static_cast<int16_t>(q));
  return r;
}

class Learner {
 public:
  Learner(const Graph& g, const Scheme& scheme, const std::set<std::string>& corrected, const Options& o)
      : g_(g), scheme_(scheme), corrected_(corrected), o_(o) {
    for (NodeId id : g.order()) by_name_[g.node(id).name] = id;
  }

  // x_scale: of the product's input, 0 where it stays in float.
  Codes round(const std::string& name, InputMoments& m, float x_scale) {
    const Node& n = g_.node(by_name_.at(name));
    const WeightForm& form = *scheme_.nodes.at(name).weights;
    auto place = *weight_of(g_, n);
    if (corrected_.contains(name)) centre(m);
    Matrix w;
    try {
      w = rows_of(*g_.constant_of(n.input(place.input)), place.axis);
    } catch (Error& e) { fail(e.code(), "weights '", printable(g_.value(n.input(place.input)).name), "': ", e.message()); }
    if (!m.cross.empty() && form.rounding != "nearest" && m.rows > 0) aim_at_exact(w, m);
    Codes codes = encode_rows(w, form, x_scale > 0 ? lowest_weight_scales(g_, n, form, x_scale) : std::vector<float>{}, &m);
    learned_[name] = compact(codes);
    return codes;
  }

  // One pass over the float net, all products at once.
  Learned from_float(const std::set<std::string>& names, const Calibration& calibration, Control* control) {
    MomentsOptions options;
    options.threads = o_.threads;
    auto all = collect_moments(g_, names, calibration.kept_inputs(), options, control);
    for (auto& [name, m] : all) {
      auto a = scheme_.activations.find(g_.value(g_.node(by_name_.at(name)).input(0)).name);
      bool integers = scheme_.nodes.at(name).how == "static" && a != scheme_.activations.end() && is_integer(a->second.dtype);
      round(name, m, integers ? a->second.scale : 0);
      m = {};
    }
    return std::move(learned_);
  }

  Learned in_order(const std::set<std::string>& names, const Calibration& calibration, Result& result, Control* control) {
    Graph rounded = g_;
    if (std::any_of(scheme_.nodes.begin(), scheme_.nodes.end(), [](const auto& n) { return n.second.how == "static"; })) {
      Scheme plain = scheme_;  // activations as they will be, weights for now to nearest
      for (auto& [name, form] : plain.nodes)
        if (form.weights) form.weights->rounding = "nearest", form.weights->range = form.weights->range == "hqq" ? "minmax" : form.weights->range;
      place(rounded, plain, {});
    }
    Stages exact(g_, names, o_.threads), now(std::move(rounded), names, o_.threads);
    require(exact.count() == now.count(), Code::internal, "the rounded net has other stages than the float one");
    std::vector<runtime::Named> a = calibration.kept_inputs(), b = a;
    int64_t limit = std::max<int64_t>(16, MomentsOptions{}.rows_per_node / static_cast<int64_t>(a.size()));
    for (int stage = 0; stage < exact.count(); ++stage) {
      exact.begin(stage), now.begin(stage);
      std::map<std::string, InputMoments> moments;
      for (const std::string& name : exact.products(stage)) moments[name] = fresh(name);
      for (size_t i = 0; i < a.size(); ++i) {
        exact.run(a[i], control), now.run(b[i], control);
        if (i == 0) thin(a, b, bytes_of(a[0]) + bytes_of(b[0]), result);
        for (auto& [name, m] : moments) add(name, m, exact, now, a[i], b[i], limit, static_cast<int64_t>(i));
      }
      for (auto& [name, m] : moments) replace(name, m, now);
      progress(control, "round weights", stage + 1, exact.count());
    }
    return std::move(learned_);
  }

 private:
  InputMoments fresh(const std::string& name) const {
    const Node& n = g_.node(by_name_.at(name));
    const Tensor& w = *g_.constant_of(n.input(weight_of(g_, n)->input));
    InputMoments m;
    m.groups = n.i("group", 1), m.cols = w.size() / w.dim(weight_of(g_, n)->axis);
    bool aimed = scheme_.nodes.at(name).weights->rounding != "nearest";
    auto square = static_cast<size_t>(m.cols * m.cols);
    for (int64_t k = 0; k < m.groups; ++k) {
      m.gram.emplace_back(square, 0.0f);
      if (aimed) m.cross.emplace_back(square, 0.0f);
      m.mean.emplace_back(static_cast<size_t>(m.cols), 0.0);
      m.exact_mean.emplace_back(static_cast<size_t>(m.cols), 0.0);
    }
    return m;
  }

  // Fewer samples, evenly spread, where one of them takes so much that all would not fit.
  void thin(std::vector<runtime::Named>& a, std::vector<runtime::Named>& b, int64_t each, Result& result) {
    auto fit = static_cast<size_t>(std::max<int64_t>(1, k_held_bytes / std::max<int64_t>(1, each)));
    if (a.size() <= fit) return;
    std::vector<runtime::Named> x, y;
    for (size_t i = 0; i < fit; ++i) {
      size_t at = i * a.size() / fit;
      x.push_back(std::move(a[at])), y.push_back(std::move(b[at]));
    }
    if (!thinned_)
      result.warnings.push_back(
          text("rounding uses ", fit, " of ", a.size(), " sample batches: values between layers of more would take too much memory"));
    thinned_ = true;
    a = std::move(x), b = std::move(y);
  }

  struct Chunk {
    int64_t group, count;
    std::vector<float> rows;
  };

  static const Tensor* held_by(const Stages& net, const std::string& name, const runtime::Named& held) {
    auto it = held.find(net.graph().value(net.graph().node(net.find(name)).input(0)).name);
    return it != held.end() && it->second.is_tensor() && it->second.tensor.dtype() == DType::f32 ? &it->second.tensor : nullptr;
  }

  void add(const std::string& name, InputMoments& m, const Stages& exact, const Stages& now, const runtime::Named& a, const runtime::Named& b,
           int64_t limit, int64_t turn) {
    const Node& n = g_.node(by_name_.at(name));
    const Tensor& w = *g_.constant_of(n.input(weight_of(g_, n)->input));
    const Tensor *was = held_by(exact, name, a), *is = held_by(now, name, b);
    if (!was || !is || was->shape() != is->shape()) return;
    std::vector<Chunk> chunks;
    product_rows(n, *was, w, limit, turn, [&](int64_t group, const float* rows, int64_t count, int64_t cols) {
      if (cols == m.cols) chunks.push_back({group, count, {rows, rows + count * cols}});
    });
    size_t next = 0;
    product_rows(n, *is, w, limit, turn, [&](int64_t group, const float* rows, int64_t count, int64_t cols) {
      if (cols != m.cols) return;
      const Chunk& c = chunks[next++];
      double check = 0;
      for (int64_t i = 0; i < count * cols; ++i) check += vanishing(rows[i]) + vanishing(c.rows[static_cast<size_t>(i)]);
      if (check != 0) return;  // NaN, infinity or close to it: these rows say nothing
      auto k = static_cast<size_t>(group);
      add_gram(rows, count, cols, m.gram[k].data());
      if (!m.cross.empty()) add_product(c.rows.data(), rows, count, cols, m.cross[k].data());
      for (int64_t r = 0; r < count; ++r)
        for (int64_t i = 0; i < cols; ++i) {
          m.mean[k][static_cast<size_t>(i)] += rows[r * cols + i];
          m.exact_mean[k][static_cast<size_t>(i)] += c.rows[static_cast<size_t>(r * cols + i)];
        }
      if (group == 0) m.rows += static_cast<double>(count);
    });
  }

  void replace(const std::string& name, InputMoments& m, Stages& now) {
    const Node& n = g_.node(by_name_.at(name));
    auto place = *weight_of(g_, n);
    const Node& placed = now.graph().node(now.find(name));
    NodeId dq = now.graph().producer_if(placed.input(0), "DequantizeLinear");
    const Tensor* scale = dq == graph::k_none ? nullptr : now.graph().constant_of(now.graph().node(dq).input(1));
    bool integers = dq != graph::k_none && is_integer(now.graph().value(now.graph().node(dq).input(0)).type.dtype);
    Matrix is = real(round(name, m, scale && integers ? static_cast<float>(scale->number()) : 0));
    const Tensor& w = *g_.constant_of(n.input(place.input));
    now.set_constant(name, place.input, tensor_of(is, w.shape(), place.axis, DType::f32));
    if (!corrected_.contains(name) || m.rows <= 0) return;
    Matrix was = rows_of(w, place.axis);
    std::vector<float> shift(static_cast<size_t>(was.rows), 0.0f);
    for (int64_t r = 0; r < was.rows; ++r) {
      const auto& mean = m.exact_mean[static_cast<size_t>(r * m.groups / was.rows)];
      double sum = 0;
      for (int64_t c = 0; c < was.cols; ++c) sum += (was.row(r)[c] - is.row(r)[c]) * mean[static_cast<size_t>(c)] / m.rows;
      shift[static_cast<size_t>(r)] = static_cast<float>(sum);
    }
    Shape along{was.rows};
    if (n.is("Conv")) along.resize(static_cast<size_t>(w.rank()) - 1, 1);
    now.shift(name, Tensor::of<float>(along, std::span<const float>(shift)));
  }

  const Graph& g_;
  const Scheme& scheme_;
  const std::set<std::string>& corrected_;
  const Options& o_;
  std::map<std::string, NodeId> by_name_;
  Learned learned_;
  bool thinned_ = false;
};

}  // namespace

Learned learn(const Graph& g, const Scheme& scheme, const std::set<std::string>& corrected, const Calibration* calibration, const Options& o,
              Result& result, Control* control) {
  std::set<std::string> names = learners(g, scheme);
  bool wanted = std::any_of(scheme.nodes.begin(), scheme.nodes.end(),
                            [](const auto& n) { return n.second.weights && n.second.weights->rounding != "nearest"; });
  if (names.empty()) return {};
  if (!calibration || calibration->kept_inputs().empty()) {
    if (wanted) result.warnings.push_back("rounding by gptq or adaround learns from samples, and none are at hand: weights were rounded to nearest");
    return {};
  }
  Learner learner(g, scheme, corrected, o);
  return wanted && o.rounding_inputs == "quantized" ? learner.in_order(names, *calibration, result, control)
                                                    : learner.from_float(names, *calibration, control);
}

}  // namespace mo::quantize
