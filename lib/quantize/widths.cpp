// Widths by rule where weights are few; by a measurement on samples for a last product that is wide.
#include "quantize/widths.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "quantize/linear_algebra.h"
#include "quantize/moments.h"
#include "quantize/store.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr int64_t k_few_inputs = 64;        // of a channel of a convolution
constexpr int64_t k_few_outputs = 16;       // of a product
constexpr int64_t k_narrow_last = 512;      // inputs: a net so narrow is small, and 8 bits in its last product are affordable
constexpr double k_most_divergence = 0.01;  // nats between the class scores of the exact last product and of the rounded one
constexpr size_t k_samples = 8;             // run for that
constexpr int64_t k_rows = 256;             // of the product's input looked at

struct Last {
  NodeId node;
  WeightForm* form;
  int64_t inputs;
};

// Adds the products that nothing quantized lies behind; true when there are others.
bool find_last(const Graph& g, const Options& o, Scheme& scheme, std::vector<Last>& last) {
  std::set<ValueId> open(g.outputs.begin(), g.outputs.end());
  bool others = false;
  for (auto it = g.order().rbegin(); it != g.order().rend(); ++it) {
    const Node& n = g.node(*it);
    bool reaches = std::any_of(n.outputs.begin(), n.outputs.end(), [&](ValueId v) { return open.contains(v); });
    auto form = scheme.nodes.find(n.name);
    bool product = form != scheme.nodes.end() && form->second.how.starts_with("weight_only") && form->second.weights && role_of(n) == Role::compute;
    others |= product && !reaches;
    if (reaches && product && (n.is("MatMul") || n.is("Gemm"))) {
      auto place = weight_of(g, n);
      const Tensor& w = *g.constant_of(n.input(place->input));
      bool alone = g.value(n.input(place->input)).users.size() == 1;  // a weight that others read too has one form
      if (alone && !o.overrides.nodes.contains(n.name))
        last.push_back({*it, &form->second.weights.value(), w.size() / std::max<int64_t>(1, w.dim(place->axis))});
    } else if (reaches && !product) {
      open.insert(n.inputs.begin(), n.inputs.end());
    }
  }
  return others;
}

// Kullback-Leibler divergence between softmax(a) and softmax(b), mean of the rows.
double divergence(const std::vector<float>& a, const std::vector<float>& b, int64_t rows, int64_t cols) {
  double sum = 0;
  for (int64_t r = 0; r < rows; ++r) {
    const float *x = a.data() + r * cols, *y = b.data() + r * cols;
    double most_x = *std::max_element(x, x + cols), most_y = *std::max_element(y, y + cols), total_x = 0, total_y = 0, apart = 0;
    for (int64_t c = 0; c < cols; ++c) total_x += std::exp(x[c] - most_x), total_y += std::exp(y[c] - most_y);
    double shift = most_y + std::log(total_y) - most_x - std::log(total_x);
    for (int64_t c = 0; c < cols; ++c) apart += std::exp(x[c] - most_x) * (static_cast<double>(x[c]) - y[c] + shift);
    sum += apart / total_x;
  }
  return sum / static_cast<double>(rows);
}

// What rounding this product to nearest does to the class scores that it makes on samples; 0 when they say nothing.
double harm_of(const Graph& g, const Last& last, const std::vector<runtime::Named>& samples, const Options& o, Control* control) {
  const Node& n = g.node(last.node);
  auto place = *weight_of(g, n);
  const Tensor& weights = *g.constant_of(n.input(place.input));
  if (weights.rank() != 2 || (n.is("Gemm") && n.i("transA", 0))) return 0;
  Matrix w = rows_of(weights, place.axis);
  WeightForm form = *last.form;
  form.rounding = "nearest";
  Matrix rounded = real(encode_rows(w, form, {}, nullptr));
  const Tensor* bias = n.is("Gemm") ? g.constant_of(n.input(2)) : nullptr;
  runtime::SessionOptions so;
  so.threads = o.threads;
  so.observed = {g.value(n.input(0)).name};
  runtime::Session session(g, so);
  const size_t count = std::min(k_samples, samples.size());
  double sum = 0;
  int64_t seen = 0, turn = 0;
  runtime::RunOptions run;
  run.control = control;
  run.on_value = [&](const std::string&, const Tensor& x) {
    if (x.dtype() != DType::f32) return;
    product_rows(n, x, weights, std::max<int64_t>(1, k_rows / static_cast<int64_t>(count)), turn,
                 [&](int64_t, const float* rows, int64_t some, int64_t cols) {
                   if (cols != w.cols) return;
                   std::vector<float> exact(static_cast<size_t>(some * w.rows)), off(exact.size());
                   multiply(rows, w.values.data(), true, some, w.rows, cols, exact.data());
                   multiply(rows, rounded.values.data(), true, some, w.rows, cols, off.data());
                   if (bias && bias->dtype() == DType::f32 && bias->size() == w.rows)
                     for (int64_t i = 0; i < some * w.rows; ++i) {
                       float b = bias->data<float>()[i % w.rows];
                       exact[static_cast<size_t>(i)] += b, off[static_cast<size_t>(i)] += b;
                     }
                   double apart = divergence(exact, off, some, w.rows);
                   if (std::isfinite(apart)) sum += apart * static_cast<double>(some), seen += some;
                 });
  };
  for (; turn < static_cast<int64_t>(count); ++turn) session.run(samples[static_cast<size_t>(turn) * samples.size() / count], run);
  return seen ? sum / static_cast<double>(seen) : 0;
}

}  // namespace

bool few_weights(const Graph& g, const Node& n, const WeightPlace& place) {
  const Tensor* w = g.constant_of(n.input(place.input));
  if (!w || w->size() == 0) return false;
  int64_t outputs = w->dim(place.axis);
  return n.is("Conv") ? w->size() / outputs < k_few_inputs : (n.is("MatMul") || n.is("Gemm")) && outputs < k_few_outputs;
}

void widen(WeightForm& w) { w.dtype = DType::i8, w.bits = 8, w.range = "minmax", w.rounding = "nearest", w.symmetric = true, w.block = 0; }

void widen_last(const Graph& g, const Calibration* calibration, const Options& o, Scheme& scheme, Control* control) {
  std::vector<Last> last;
  bool others = find_last(g, o, scheme, last);
  if (!others && o.last_product != "int8") return;  // a single layer is what was asked for
  const bool samples = calibration && !calibration->kept_inputs().empty();
  for (const Last& l : last)
    if (o.last_product == "int8" || l.inputs < k_narrow_last ||
        (samples && info(l.form->dtype).bits < 8 && harm_of(g, l, calibration->kept_inputs(), o, control) > k_most_divergence)) {
      const int64_t block = l.form->block;
      widen(*l.form);
      if (o.format == "matmul_nbits") l.form->block = block;
    }
}

}  // namespace mo::quantize
