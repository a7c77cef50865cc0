// Mixes against trying every assignment: of made-up costs, and of what searches on small graphs report.
#include "search/mixed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "ops/op.h"
#include "search/search.h"
#include "support/temp_folder.h"

using namespace mo;
using search::Assignment;
using search::Costs;
using search::Limits;
using search::Mix;
using search::Wanted;

namespace {

// Calls f with every assignment of `units` units to `precisions` precisions.
void every_assignment(size_t units, int precisions, const std::function<void(const Assignment&)>& f) {
  Assignment a(units, 0);
  while (true) {
    f(a);
    size_t i = 0;
    while (i < units && ++a[i] == precisions) a[i++] = 0;
    if (i == units) return;
  }
}

struct Sum {
  double harm = 0, bytes = 0, us = 0;
  bool barred = false;
};

Sum sum_of(const Costs& c, const Assignment& a) {
  Sum s{0, c.other_bytes, c.other_us, false};
  for (size_t u = 0; u < a.size(); ++u) {
    auto p = static_cast<size_t>(a[u]);
    s.harm += std::max(0.0, c.harm[u][p]), s.bytes += c.bytes[u][p], s.us += c.us[u][p];
    s.barred = s.barred || (!c.barred.empty() && c.barred[u][p]);
  }
  return s;
}

bool within(const Sum& s, const Limits& l) { return !s.barred && s.harm <= l.harm + 1e-9 && s.bytes <= l.bytes + 1e-9 && s.us <= l.us + 1e-9; }

double aimed(const Sum& s, Wanted aim) { return aim == Wanted::least_harm ? s.harm : aim == Wanted::least_bytes ? s.bytes : s.us; }

// The least that any assignment within the limits has; infinity: none.
double best_of_all(const Costs& c, Wanted aim, const Limits& limits) {
  double best = INFINITY;
  every_assignment(c.harm.size(), static_cast<int>(c.harm[0].size()), [&](const Assignment& a) {
    Sum s = sum_of(c, a);
    if (within(s, limits)) best = std::min(best, aimed(s, aim));
  });
  return best;
}

Costs random_costs(std::mt19937& random, size_t units, size_t precisions, bool some_barred) {
  std::uniform_real_distribution<double> uniform(0, 1);
  Costs c;
  c.other_bytes = 100 * uniform(random), c.other_us = 10 * uniform(random);
  for (size_t u = 0; u < units; ++u) {
    double weights = std::exp(6 * uniform(random)), time = std::exp(3 * uniform(random));
    c.harm.emplace_back(), c.bytes.emplace_back(), c.us.emplace_back(), c.barred.emplace_back();
    for (size_t p = 0; p < precisions; ++p) {
      c.harm[u].push_back(p == 0 ? 0 : uniform(random) * std::pow(10.0, static_cast<double>(p) - 4) - (uniform(random) < 0.1 ? 0.01 : 0));
      c.bytes[u].push_back(weights * 4 / static_cast<double>(p + 1));
      c.us[u].push_back(time * (0.3 + uniform(random)));  // a precision may well be slower than float
      c.barred[u].push_back(some_barred && p > 0 && uniform(random) < 0.2);
    }
  }
  return c;
}

Tensor random_tensor(std::mt19937& random, Shape shape, float scale = 1) {
  std::normal_distribution<float> normal;
  Tensor t = Tensor::allocate(DType::f32, shape);
  for (int64_t i = 0; i < t.size(); ++i) t.mutable_data<float>()[i] = scale * normal(random);
  return t;
}

// Residual blocks: x + tanh(x A) B, four times over, each with its own spoilt weights.
graph::Model residual(int blocks) {
  graph::Model m;
  graph::Graph& g = m.graph;
  std::mt19937 random(11);
  graph::ValueId x = g.add_value("x", graph::Type::tensor(DType::f32, Shape{4, 16}));
  g.inputs = {x};
  for (int k = 0; k < blocks; ++k) {
    Tensor a = random_tensor(random, {16, 16}, 0.25f), b = random_tensor(random, {16, 16}, 0.25f);
    a.mutable_data<float>()[3] = static_cast<float>(1 + 12 * k);
    graph::ValueId wa = g.add_constant(text("a", k), a), wb = g.add_constant(text("b", k), b);
    graph::ValueId h = g.add_value(text("h", k)), t = g.add_value(text("t", k)), p = g.add_value(text("p", k)), y = g.add_value(text("y", k));
    g.add_node({.op = "MatMul", .name = text("first", k), .inputs = {x, wa}, .outputs = {h}});
    g.add_node({.op = "Tanh", .name = text("tanh", k), .inputs = {h}, .outputs = {t}});
    g.add_node({.op = "MatMul", .name = text("second", k), .inputs = {t, wb}, .outputs = {p}});
    g.add_node({.op = "Add", .name = text("sum", k), .inputs = {x, p}, .outputs = {y}});
    x = y;
  }
  g.outputs = {x};
  m.ir_version = 10;
  m.opsets = {{"", 21}};
  ops::infer_graph(g);
  return m;
}

struct Bench {
  graph::Model model;
  std::vector<runtime::Named> samples;
  std::unique_ptr<quantize::Calibration> calibration;
  std::vector<Datum> inputs;
  quantize::Options options;

  explicit Bench(int blocks) : model(residual(blocks)), samples(3) {
    std::mt19937 random(6);
    for (runtime::Named& n : samples) n["x"] = Datum(random_tensor(random, {4, 16}));
    calibration = std::make_unique<quantize::Calibration>(model, quantize::CalibrationOptions{.threads = 1});
    for (const runtime::Named& n : samples) calibration->feed(n);
    inputs = {samples[0].begin()->second};
    options.granularity = "per_tensor";
  }
  search::Outcome run(const search::Goal& goal, const search::Judge& judge = {}, Control* control = nullptr) const {
    return search::run(model, calibration.get(), options, goal, judge, samples, inputs, control);
  }
};

search::Goal quick() {
  search::Goal g;
  g.keep_slower = true;
  g.timing.rounds = 1;
  return g;
}

// What the search chose from, as its report tells it; times are left out.
Costs costs_of(const search::Outcome& r, const search::Space& space) {
  Costs c;
  size_t n = r.units.size(), p = r.precisions.size();
  c.harm.assign(n, std::vector<double>(p, 0)), c.bytes = c.us = c.harm;
  for (const auto& s : r.sensitivities) c.harm[s.unit][static_cast<size_t>(s.precision)] = s.harm;
  for (size_t u = 0; u < n; ++u)
    for (size_t k = 0; k < p; ++k) c.bytes[u][k] = space.weight_bytes(u, static_cast<int>(k));
  return c;
}

bool quantized(const graph::Model& m, const std::string& node) {
  for (graph::NodeId id : m.graph.order())
    if (m.graph.node(id).name == node) return m.graph.producer_if(m.graph.node(id).input(1), "DequantizeLinear") != graph::k_none;
  return false;
}

}  // namespace

TEST_CASE("a mix is the best of all assignments, for every aim, under limits on harm, size and latency, choices barred or not") {
  std::mt19937 random(4);
  std::uniform_real_distribution<double> uniform(0.05, 0.95);
  int feasible = 0, infeasible = 0;
  for (int round = 0; round < 180; ++round) {
    Costs c = random_costs(random, 1 + static_cast<size_t>(round) % 7, 2 + static_cast<size_t>(round) % 3, round % 2 == 0);
    auto aim = static_cast<Wanted>(round % 3);
    Sum low{INFINITY, INFINITY, INFINITY, false}, high{0, 0, 0, false};
    every_assignment(c.harm.size(), static_cast<int>(c.harm[0].size()), [&](const Assignment& a) {
      Sum s = sum_of(c, a);
      low = {std::min(low.harm, s.harm), std::min(low.bytes, s.bytes), std::min(low.us, s.us), false};
      high = {std::max(high.harm, s.harm), std::max(high.bytes, s.bytes), std::max(high.us, s.us), false};
    });
    Limits limits;
    auto between = [&](double a, double b) { return a + uniform(random) * (b - a); };
    if (aim != Wanted::least_harm) limits.harm = between(low.harm, high.harm);
    if (aim != Wanted::least_bytes && round % 4 != 1) limits.bytes = between(low.bytes, high.bytes);
    if (aim != Wanted::least_time && round % 4 != 2) limits.us = between(low.us, high.us);
    double best = best_of_all(c, aim, limits);
    Mix m = search::mix(c, aim, limits);
    CAPTURE(round);
    REQUIRE(m.feasible == std::isfinite(best));
    if (!m.feasible) {
      ++infeasible;
      continue;
    }
    ++feasible;
    Sum s = sum_of(c, m.assignment);
    CHECK(m.proven);
    CHECK(within(s, limits));
    CHECK(aimed(s, aim) == doctest::Approx(best).epsilon(1e-9));
    CHECK(m.harm == doctest::Approx(s.harm));
    CHECK(m.bytes == doctest::Approx(s.bytes));
    CHECK(m.us == doctest::Approx(s.us));
  }
  CHECK(feasible > 80);
  CHECK(infeasible > 10);
}

TEST_CASE("a search for size finds what trying every assignment finds, with nodes and with blocks as units") {
  Bench b(3);
  for (bool blocks : {false, true})
    for (double ratio : {0.2, 0.3, 0.45, 0.7}) {
      CAPTURE(blocks);
      CAPTURE(ratio);
      search::Goal goal = quick();
      goal.space.blocks = blocks;
      goal.space.precisions = {"int8", "int4", "fp16"};
      goal.max_size_ratio = ratio;
      search::Outcome r = b.run(goal);
      REQUIRE(r.units.size() == (blocks ? 3 : 6));
      search::Space space(b.model, b.calibration.get(), b.options, goal.space, nullptr);
      Costs c = costs_of(r, space);
      Limits limits;
      limits.bytes = ratio * r.float_bytes - (r.float_bytes - sum_of(c, space.all(0)).bytes);  // less what no choice changes
      CHECK(r.met);
      CHECK(r.proven);
      CHECK(sum_of(c, r.assignment).harm == doctest::Approx(best_of_all(c, Wanted::least_harm, limits)).epsilon(1e-9));
      CHECK(*r.bytes <= *r.max_bytes);
    }
}

TEST_CASE("the nodes of a block are decided together") {
  Bench b(4);
  search::Goal goal = quick();
  goal.space.blocks = true;
  search::Space space(b.model, b.calibration.get(), b.options, goal.space, nullptr);
  REQUIRE(space.units().size() == 4);
  for (size_t u = 0; u < 4; ++u) {
    CHECK(space.units()[u].nodes.size() == 2);
    CHECK(space.units()[u].weights == 512);
    Assignment only = space.all(0);
    only[u] = 1;
    graph::Model m = space.build(only, nullptr).model;
    for (size_t k = 0; k < 4; ++k) {
      CHECK(quantized(m, text("first", k)) == (k == u));
      CHECK(quantized(m, text("second", k)) == (k == u));
    }
  }
  // the third is what the metric cannot bear: it goes back as a whole, the others stay
  search::Judge judge{"m", true, [](const graph::Model& m) { return quantized(m, "second2") ? 0.0 : 1.0; }};
  goal.max_drop = 0.5;
  search::Outcome r = b.run(goal, judge);
  CHECK(r.met);
  CHECK(r.assignment == Assignment{1, 1, 0, 1});
  CHECK_FALSE(quantized(r.result.model, "first2"));
  CHECK(quantized(r.result.model, "first1"));
}

TEST_CASE("limits on latency: none that binds leaves all in float, none that can be kept is an error, and met is what was measured") {
  Bench b(2);
  for (bool blocks : {false, true}) {
    search::Goal loose = quick();
    loose.space.blocks = blocks;
    loose.max_latency_ratio = 1000;
    search::Outcome r = b.run(loose);
    CHECK(r.mixed);
    CHECK(r.met);
    CHECK(r.assignment == Assignment(r.units.size(), 0));  // least harm is no quantization at all
    REQUIRE(r.ms.has_value());
    CHECK(*r.ms <= *r.max_ms);
    search::Goal impossible = quick();
    impossible.space.blocks = blocks;
    impossible.max_ms = 1e-9;
    CHECK_THROWS_AS(b.run(impossible), Error);
    search::Goal both = loose;  // the size binds, the time does not
    both.max_size_ratio = 0.3;
    r = b.run(both);
    CHECK(r.met);
    CHECK(*r.bytes <= *r.max_bytes);
    CHECK(std::count(r.assignment.begin(), r.assignment.end(), 1) == static_cast<int64_t>(r.units.size()));
  }
}

TEST_CASE("least size under a limit on the metric is what trying every assignment finds where harm tells the metric") {
  Bench b(3);
  search::Goal goal = quick();
  goal.space.blocks = true;
  goal.space.precisions = {"int8", "int4"};
  goal.minimize = "size";
  search::Space space(b.model, b.calibration.get(), b.options, goal.space, nullptr);
  REQUIRE(space.units().size() == 3);
  auto harms = search::sensitivity(space, b.samples, nullptr, 0, {}, nullptr);
  Costs c;
  c.harm.assign(3, std::vector<double>(3, 0)), c.bytes = c.us = c.harm;
  for (const auto& s : harms) c.harm[s.unit][static_cast<size_t>(s.precision)] = s.harm;
  for (size_t u = 0; u < 3; ++u)
    for (size_t p = 0; p < 3; ++p) c.bytes[u][p] = space.weight_bytes(u, static_cast<int>(p));
  auto precision_of = [](const graph::Model& m, size_t block) -> size_t {
    for (graph::NodeId id : m.graph.order()) {
      const graph::Node& n = m.graph.node(id);
      if (n.name != text("second", block)) continue;
      graph::NodeId d = m.graph.producer_if(n.input(1), "DequantizeLinear");
      return d == graph::k_none ? 0 : m.graph.value(m.graph.node(d).input(0)).type.dtype == DType::i8 ? 1 : 2;
    }
    return 0;
  };
  search::Judge judge{"harm", false, [&](const graph::Model& m) {
                        double sum = 0;
                        for (size_t u = 0; u < 3; ++u) sum += c.harm[u][precision_of(m, u)];
                        return sum;
                      }};
  double all4 = sum_of(c, space.all(2)).harm;
  for (double share : {0.03, 0.2, 0.6}) {
    CAPTURE(share);
    goal.max_drop = share * all4;
    goal.max_evaluations = 30;
    search::Outcome r = b.run(goal, judge);
    CHECK(r.met);
    Limits limits;
    limits.harm = share * all4;
    double best = best_of_all(c, Wanted::least_bytes, limits), found = sum_of(c, r.assignment).bytes;
    CHECK(sum_of(c, r.assignment).harm <= limits.harm * (1 + 1e-6));
    CHECK(found >= best - 1e-9);
    CHECK(found <= best * 1.05 + 1e-9);  // the bisection over harm ends at 5 %
  }
}

TEST_CASE("a search cancelled at any of its steps says so, and what it had measured is not measured again") {
  Bench b(3);
  TempFolder folder;
  search::Judge judge{"m", true, [](const graph::Model& m) { return quantized(m, "second1") ? 0.0 : 1.0; }};
  search::Goal goal = quick();
  goal.max_drop = 0.5;
  int64_t steps = 0;
  {
    Control counting([&](const char*, int64_t, int64_t) { return ++steps > 0; });
    CHECK(b.run(goal, judge, &counting).met);
  }
  REQUIRE(steps > 10);
  for (int64_t stop = 1; stop <= steps; stop += 3) {
    int64_t at = 0;
    Control control([&](const char*, int64_t, int64_t) { return ++at < stop; });
    try {
      b.run(goal, judge, &control);
      FAIL("not cancelled at step " << stop);
    } catch (const Error& e) { CHECK(e.code() == Code::cancelled); }
  }
  // stopped in the middle of the sensitivities, then asked again
  goal.sensitivity.cache = folder / "cache.json", goal.sensitivity.cache_key = std::string("k");
  int64_t seen = 0;
  Control half([&](const char* stage, int64_t, int64_t) { return std::string(stage) != "sensitivity" || ++seen < 3; });
  CHECK_THROWS_AS(b.run(goal, judge, &half), Error);
  search::Space space(b.model, b.calibration.get(), b.options, goal.space, nullptr);
  int asked = 0;
  search::Judge counting{"m", true, [&](const graph::Model&) { return ++asked, 1.0; }};
  search::SensitivityOptions o = goal.sensitivity;
  o.measure = "metric";  // the rows that the file has need no judge
  CHECK(search::sensitivity(space, b.samples, &counting, 1, o, nullptr).size() == 6);
  CHECK(asked == 3);
}

TEST_CASE("a mixed search whose time is over hands out the best that it knows") {
  Bench b(3);
  search::Goal goal = quick();
  goal.space.precisions = {"int8", "int4"};
  goal.max_size_ratio = 0.3;
  goal.time_limit = 1e-9;
  search::Outcome r = b.run(goal);
  CHECK(r.stopped);
  CHECK(r.met);  // the size is kept all the same
  CHECK(r.sensitivities.empty());
  CHECK_FALSE(r.proven);
}
