// The search on small models: units, sensitivities, fallback, mixes.
#include "search/search.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <random>
#include <set>

#include "ops/op.h"
#include "search/blocks.h"
#include "support/temp_folder.h"

using namespace mo;

namespace {

Tensor random_tensor(std::mt19937& random, Shape shape, float scale = 1) {
  std::normal_distribution<float> normal;
  Tensor t = Tensor::allocate(DType::f32, shape);
  for (int64_t i = 0; i < t.size(); ++i) t.mutable_data<float>()[i] = scale * normal(random);
  return t;
}

// A chain of matrix products, the weights of `spoiled` with one huge element each, which ruins their scale.
graph::Model chain(int length, std::vector<int> spoiled = {}) {
  graph::Model m;
  graph::Graph& g = m.graph;
  std::mt19937 random(5);
  graph::ValueId x = g.add_value("x", graph::Type::tensor(DType::f32, Shape{4, 16}));
  g.inputs = {x};
  for (int k = 0; k < length; ++k) {
    Tensor w = random_tensor(random, {16, 16}, 0.25f);
    if (std::find(spoiled.begin(), spoiled.end(), k) != spoiled.end()) w.mutable_data<float>()[5] = 40;
    graph::ValueId weights = g.add_constant(text("w", k), w), y = g.add_value(text("y", k));
    g.add_node({.op = "MatMul", .name = text("m", k), .inputs = {x, weights}, .outputs = {y}});
    x = y;
    if (k + 1 == length) break;
    graph::ValueId r = g.add_value(text("r", k));
    g.add_node({.op = "Tanh", .name = text("t", k), .inputs = {x}, .outputs = {r}});
    x = r;
  }
  g.outputs = {x};
  m.ir_version = 10;
  m.opsets = {{"", 21}};
  ops::infer_graph(g);
  return m;
}

std::vector<runtime::Named> samples(int count) {
  std::mt19937 random(6);
  std::vector<runtime::Named> out(static_cast<size_t>(count));
  for (runtime::Named& n : out) n["x"] = Datum(random_tensor(random, {4, 16}));
  return out;
}

std::unique_ptr<quantize::Calibration> calibrated(const graph::Model& m) {
  auto c = std::make_unique<quantize::Calibration>(m, quantize::CalibrationOptions{.threads = 1});
  for (const runtime::Named& n : samples(4)) c->feed(n);
  return c;
}

int count_quantized(const graph::Model& m) {
  int count = 0;
  for (graph::NodeId id : m.graph.order())
    if (m.graph.node(id).is("MatMul")) count += m.graph.producer_if(m.graph.node(id).input(1), "DequantizeLinear") != graph::k_none;
  return count;
}

quantize::Options per_tensor() {
  quantize::Options o;
  o.granularity = "per_tensor";
  return o;
}

}  // namespace

TEST_CASE("an assignment quantizes just the units it names, whatever their names are") {
  graph::Model m = chain(4);
  m.graph.edit(m.graph.order()[0]).name = std::string("m.*");  // a pattern to the include and exclude lists
  m.graph.edit(m.graph.order()[2]).name.clear();
  auto c = calibrated(m);
  search::Space space(m, c.get(), {}, {}, nullptr);
  REQUIRE(space.units().size() == 4);
  CHECK(count_quantized(space.build({1, 0, 0, 0}, nullptr).model) == 1);
  CHECK(count_quantized(space.build({0, 1, 0, 1}, nullptr).model) == 2);
  CHECK(count_quantized(space.build(space.all(1), nullptr).model) == 4);
  CHECK(count_quantized(space.build(space.all(0), nullptr).model) == 0);
}

TEST_CASE("sensitivity puts the nodes that hurt first, and a cache gives the same without running") {
  graph::Model m = chain(6, {1, 4});
  auto c = calibrated(m);
  search::Space space(m, c.get(), per_tensor(), {}, nullptr);
  TempFolder folder;
  search::SensitivityOptions o;
  o.cache = folder / "cache.json", o.cache_key = std::string("k");
  auto rows = search::sensitivity(space, samples(2), nullptr, 0, o, nullptr);
  REQUIRE(rows.size() == 6);
  auto order = search::by_harm(rows, 1);
  CHECK(std::set<size_t>{order[0], order[1]} == std::set<size_t>{1, 4});
  for (const auto& r : rows) CHECK(r.harm == doctest::Approx(std::pow(10, -r.snr_db / 10)));
  CHECK(std::filesystem::exists(o.cache));
  Control stopped;
  stopped.cancel();  // nothing runs, so nothing but progress could notice
  auto again = search::sensitivity(space, samples(2), nullptr, 0, o, nullptr);
  for (size_t i = 0; i < rows.size(); ++i) CHECK(again[i].harm == rows[i].harm);
  CHECK_THROWS_AS(search::sensitivity(space, samples(2), nullptr, 0, {}, &stopped), Error);
}

TEST_CASE("the fallback gives back exactly the nodes that a metric cannot bear, in far fewer evaluations than there are nodes") {
  const int length = 40;
  graph::Model m = chain(length, {3, 17});
  auto c = calibrated(m);
  auto some = samples(2);
  runtime::Session reference(m);
  int asked = 0;
  search::Judge judge{"agreement", true, [&](const graph::Model& candidate) {
                        ++asked;
                        bool spoiled = false;  // bad as long as one of the two is quantized
                        for (graph::NodeId id : candidate.graph.order()) {
                          const graph::Node& n = candidate.graph.node(id);
                          if (n.name == "m3" || n.name == "m17")
                            spoiled |= candidate.graph.producer_if(n.input(1), "DequantizeLinear") != graph::k_none;
                        }
                        return spoiled ? 0.5 : 1.0;
                      }};
  search::Goal goal;
  goal.max_drop = 0.01;
  goal.keep_slower = true;
  search::Outcome r = search::run(m, c.get(), per_tensor(), goal, judge, some, {}, nullptr);
  CHECK(r.met);
  CHECK(asked == r.evaluations);
  CHECK(r.evaluations < length / 2);
  CHECK(r.assignment[3] == 0);
  CHECK(r.assignment[17] == 0);
  CHECK(std::count(r.assignment.begin(), r.assignment.end(), 0) == 2);
  CHECK(r.reasons[3].find("agreement") != std::string::npos);
  CHECK(count_quantized(r.result.model) == length - 2);
}

TEST_CASE("a fallback without time left hands out the best so far and says that the goal was missed") {
  graph::Model m = chain(6, {1});
  auto c = calibrated(m);
  search::Judge judge{"m", false, [&](const graph::Model& candidate) { return 1.0 * count_quantized(candidate); }};  // lower is better
  search::Goal goal;
  goal.max_drop = 0;
  goal.keep_slower = true;
  goal.max_evaluations = 3;
  search::Outcome r = search::run(m, c.get(), {}, goal, judge, samples(1), {}, nullptr);
  CHECK(r.stopped);
  CHECK_FALSE(r.met);
  CHECK(r.drop == 5);  // 0, then all 6, then 1 given back
}

TEST_CASE("a time limit that is over at once hands out the one model that was judged") {
  graph::Model m = chain(6, {1});
  auto c = calibrated(m);
  search::Judge judge{"m", false, [&](const graph::Model& candidate) { return 1.0 * count_quantized(candidate); }};
  search::Goal goal;
  goal.max_drop = 0;
  goal.keep_slower = true;
  goal.time_limit = 1e-9;
  search::Outcome r = search::run(m, c.get(), {}, goal, judge, samples(1), {}, nullptr);
  CHECK(r.stopped);
  CHECK_FALSE(r.met);
  CHECK(r.evaluations == 2);
  CHECK(r.drop == 6);
  CHECK(r.sensitivities.empty());
}

TEST_CASE("mixed precision under a size keeps in float what quantization hurts most") {
  graph::Model m = chain(5, {2});
  auto c = calibrated(m);
  search::Goal goal;
  goal.space.precisions = {"int8", "fp16"};
  goal.keep_slower = true;
  goal.timing.rounds = 1;
  goal.max_bytes = 16 * 16 * (4 * 1 + 2) + 64;
  auto some = samples(1);
  std::vector<Datum> inputs = {some[0].begin()->second};
  search::Outcome r = search::run(m, c.get(), per_tensor(), goal, {}, some, inputs, nullptr);
  CHECK(r.mixed);
  CHECK(r.proven);
  CHECK(r.met);
  CHECK(*r.bytes <= *goal.max_bytes);
  CHECK(r.precisions[static_cast<size_t>(r.assignment[2])] == "fp16");
}

TEST_CASE("a budget that nothing keeps is an error") {
  graph::Model m = chain(3);
  auto c = calibrated(m);
  search::Goal goal;
  goal.max_bytes = 10;
  auto some = samples(1);
  std::vector<Datum> inputs = {some[0].begin()->second};
  CHECK_THROWS_AS(search::run(m, c.get(), {}, goal, {}, some, inputs, nullptr), Error);
}

TEST_CASE("nodes that are faster in float are found by the clock and the report has both times") {
  graph::Model m = chain(4);
  auto c = calibrated(m);
  auto some = samples(1);
  std::vector<Datum> inputs = {some[0].begin()->second};
  search::Space space(m, c.get(), {}, {}, nullptr);
  search::TimingOptions timing;
  timing.rounds = 5;
  search::Faster f = search::keep_faster(space, space.all(1), inputs, timing, nullptr);
  CHECK(f.units.size() == 4);
  for (const auto& u : f.units) CHECK(u.float_us > 0);
  for (const auto& u : f.units) CHECK(u.quantized_us > 0);
  CHECK(f.after_us > 0);
}

TEST_CASE("blocks end where one value is alive") {
  graph::Graph g = graph::parse(
      "(float32[2, 4] x) -> (y) { w = const float32[4, 4] {1}; a: a0 = MatMul(x, w); b: b0 = MatMul(a0, w); c: c0 = MatMul(b0, w); s: s0 = Add(a0, "
      "c0); d: d0 = MatMul(s0, w); e: y = MatMul(d0, w); }");
  std::vector<graph::NodeId> nodes;
  for (graph::NodeId id : g.order())
    if (g.node(id).op == "MatMul") nodes.push_back(id);
  auto blocks = search::blocks_of(g, nodes);
  REQUIRE(blocks.size() == 4);  // a | b c | d | e
  CHECK(blocks[1].size() == 2);
}

TEST_CASE("an input that is added later is alive, a mask that every block reads and shapes do not count") {
  graph::Graph g = graph::parse(
      "(float32[2, 4] x, float32[2, 4] mask) -> (y) { w = const float32[4, 4] {1}; a: a0 = MatMul(x, w); am: a1 = Mul(a0, mask); b: b0 = MatMul(a1, "
      "w); "
      "s: s0 = Add(x, b0); sh: n = Shape(s0); c: c0 = MatMul(s0, w); cm: c1 = Mul(c0, mask); d: d0 = MatMul(c1, w); t: t0 = Add(s0, d0);"
      "e: e0 = MatMul(t0, w); em: e1 = Mul(e0, mask); r: e2 = Reshape(e1, n); f: f0 = MatMul(e2, w); u: y = Add(t0, f0); }");
  ops::infer_graph(g);
  std::vector<graph::NodeId> nodes;
  for (graph::NodeId id : g.order())
    if (g.node(id).op == "MatMul") nodes.push_back(id);
  auto blocks = search::blocks_of(g, nodes);
  REQUIRE(blocks.size() == 3);
  for (const auto& b : blocks) CHECK(b.size() == 2);
}
