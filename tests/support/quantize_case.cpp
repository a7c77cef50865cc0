// Seeded weights and samples, and the distance of two models.
#include "support/quantize_case.h"

#include <cmath>
#include <random>

#include "ops/op.h"
#include "runtime/compare.h"

namespace quantize_test {

using namespace mo;

namespace {

Tensor normal(Shape shape, int seed, float scale) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::normal_distribution<float> draw(0, scale);
  Tensor t = Tensor::allocate(DType::f32, std::move(shape));
  for (int64_t i = 0; i < t.size(); ++i) t.mutable_data<float>()[i] = draw(random);
  return t;
}

}  // namespace

graph::Model model(const char* text) {
  graph::Model m;
  m.graph = graph::parse(text);
  ops::infer_graph(m.graph);
  return m;
}

graph::Model two_products() {
  graph::Model m = model(
      "(float32[n, 16] x) -> (y) { w1 = const float32[16, 32] {1}; w2 = const float32[32, 8] {1}; b = const float32[8] {0.1}; fc1: h = MatMul(x, "
      "w1); act: r = Relu(h); fc2: p = MatMul(r, w2); add: y = Add(p, b); }");
  m.graph.value(m.graph.find_value("w1")).constant = normal({16, 32}, 1, 0.2f);
  m.graph.value(m.graph.find_value("w2")).constant = normal({32, 8}, 2, 0.2f);
  return m;
}

graph::Model three_convolutions() {
  graph::Model m = model(
      "(float32[n, 3, 8, 8] x) -> (y) { w1 = const float32[16, 3, 3, 3] {1}; b1 = const float32[16] {0}; w2 = const float32[16, 1, 3, 3] {1}; b2 = "
      "const float32[16] {0.1}; w3 = const float32[8, 16, 1, 1] {1};"
      "c1: a = Conv<pads=[1, 1, 1, 1]>(x, w1, b1); r1: b = Relu(a); c2: c = Conv<pads=[1, 1, 1, 1], group=16>(b, w2, b2); r2: d = Relu(c); c3: y = "
      "Conv(d, w3); }");
  Tensor w1 = normal({16, 3, 3, 3}, 3, 0.2f), w2 = normal({16, 1, 3, 3}, 4, 0.3f);
  for (int64_t c = 0; c < 16; ++c) {  // what the first makes small the second makes large: every channel counts
    float by = std::exp2(static_cast<float>(c % 8 - 4));
    for (int64_t i = 0; i < 27; ++i) w1.mutable_data<float>()[c * 27 + i] *= by;
    for (int64_t i = 0; i < 9; ++i) w2.mutable_data<float>()[c * 9 + i] /= by;
  }
  m.graph.value(m.graph.find_value("w1")).constant = w1;
  m.graph.value(m.graph.find_value("w2")).constant = w2;
  m.graph.value(m.graph.find_value("w3")).constant = normal({8, 16, 1, 1}, 5, 0.3f);
  return m;
}

runtime::Named samples(const graph::Model& m, int64_t n, int seed) {
  runtime::Named named;
  for (graph::ValueId v : m.graph.inputs) {
    Shape shape;
    for (const graph::Dim& d : m.graph.value(v).type.dims) shape.push_back(d.known() ? d.size : n);
    named.emplace(m.graph.value(v).name, Datum(normal(shape, seed, 1)));
  }
  return named;
}

std::unique_ptr<quantize::Calibration> calibrated(const graph::Model& m, int feeds) {
  auto c = std::make_unique<quantize::Calibration>(m, quantize::CalibrationOptions{1, true});
  for (int i = 0; i < feeds; ++i) c->feed(samples(m, 16, 100 + i));
  return c;
}

double snr(const graph::Model& a, const graph::Model& b) {
  runtime::Comparer comparer(a.graph, b.graph, {false, 1});
  for (int i = 0; i < 4; ++i) comparer.feed(samples(a, 16, 900 + i));
  return comparer.result().outputs.at(0).snr_db;
}

int count(const graph::Graph& g, std::string_view op) {
  int n = 0;
  for (graph::NodeId id : g.order()) n += g.node(id).op == op;
  return n;
}

}  // namespace quantize_test
