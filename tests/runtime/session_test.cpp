// Sessions: names and types are checked, plans follow shapes, threads may share one session.
#include "runtime/session.h"

#include <doctest/doctest.h>

#include <thread>

#include "ops/interpret.h"
#include "support/plan_case.h"

using namespace mo;
using runtime::Named;
using runtime::Session;
using runtime::SessionOptions;
using test::random_tensor;

namespace {
const char* k_mlp =
    "(float32[batch, 4] x) -> (y) { w = const float32[4, 2] {1, 2, 3, 4, 5, 6, 7, 8}; b = const float32[2] {1, -1}; h = MatMul(x, w); s = Add(h, b); "
    "y = Relu(s); }";

Code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) { return e.code(); }
  return Code::internal;
}
}  // namespace

TEST_CASE("session: inputs are checked by name, type and shape") {
  Session s(graph::parse(k_mlp));
  CHECK(s.inputs()[0].name == "x");
  CHECK(s.outputs()[0].name == "y");
  CHECK(s.run(Named{{"x", random_tensor({3, 4})}}).at("y").tensor.shape() == Shape{3, 2});
  CHECK(code_of([&] { s.run(Named{{"xx", random_tensor({3, 4})}}); }) == Code::not_found);
  CHECK(code_of([&] { s.run(Named{}); }) == Code::not_found);
  CHECK(code_of([&] { s.run(Named{{"x", random_tensor({3, 5})}}); }) == Code::shape);
  CHECK(code_of([&] { s.run(Named{{"x", random_tensor({4})}}); }) == Code::shape);
  CHECK(code_of([&] { s.run(Named{{"x", Tensor::zeros(DType::i64, {3, 4})}}); }) == Code::type);
}

TEST_CASE("session: a default holds until the caller gives the input") {
  graph::Graph g = graph::parse("(float32[2] x) -> (y) { d = const float32[2] {10, 20}; n = Neg(d); y = Add(x, n); }");
  g.inputs.push_back(g.find_value("d"));
  Session s(g);
  Tensor x = Tensor::of<float>({2}, {1, 2});
  CHECK(s.inputs()[1].optional);
  CHECK(identical(s.run(Named{{"x", x}}).at("y").tensor, Tensor::of<float>({2}, {-9, -18})));
  CHECK(identical(s.run(Named{{"x", x}, {"d", Tensor::of<float>({2}, {1, 1})}}).at("y").tensor, Tensor::of<float>({2}, {0, 1})));
  CHECK(identical(s.run(Named{{"x", x}}).at("y").tensor, Tensor::of<float>({2}, {-9, -18})));
}

TEST_CASE("session: run_into writes into the caller's memory") {
  Session s(graph::parse(k_mlp));
  std::vector<float> memory(6, -1);
  std::vector<Datum> in{random_tensor({3, 4})}, out{Tensor::borrow(DType::f32, {3, 2}, memory.data())};
  s.run_into(in, out);
  Tensor want = s.run(in)[0].tensor;
  CHECK(std::equal(memory.begin(), memory.end(), want.data<float>()));
  std::vector<Datum> wrong{Tensor::zeros(DType::f32, {2, 3})};
  CHECK_THROWS_AS(s.run_into(in, wrong), Error);
}

TEST_CASE("session: plans are kept by shape, the least recently used goes") {
  SessionOptions options;
  options.max_plans = 2;
  Session s(graph::parse(k_mlp), options);
  for (int64_t n : {1, 2, 3, 1}) s.run(std::vector<Datum>{random_tensor({n, 4})});
  CHECK(s.memory().plans == 2);
  s.prepare({{"x", {9, 4}}});
  CHECK(s.explain().steps.size() > 0);
}

TEST_CASE("session: extra outputs and observed values") {
  SessionOptions options;
  options.extra_outputs = {"h"};
  options.observed = {"s", "x"};
  Session s(graph::parse(k_mlp), options);
  std::vector<std::string> seen;
  Tensor sum;
  runtime::RunOptions run;
  run.on_value = [&](const std::string& name, const Tensor& t) {
    seen.push_back(name);
    if (name == "s") sum = t.clone();
  };
  Tensor x = random_tensor({2, 4});
  std::vector<Datum> got = s.run(std::vector<Datum>{x}, run);
  REQUIRE(got.size() == 2);
  CHECK(s.outputs()[1].name == "h");
  CHECK(seen == std::vector<std::string>{"x", "s"});
  graph::Graph g = graph::parse(k_mlp);
  std::vector<Datum> inner;
  ops::InterpretOptions interpret;
  interpret.observe = [&](graph::NodeId, std::span<const Datum> out) { inner.push_back(out[0]); };
  ops::interpret(g, std::vector<Datum>{x}, interpret);
  CHECK(test::near(got[1].tensor, inner[0].tensor));
  CHECK(test::near(sum, inner[1].tensor));
}

TEST_CASE("session: observed values as they are stored are the plain ones in another order, and say so") {
  const graph::Graph g = graph::parse(
      "(float32[1, 16, 9, 7] x) -> (y) { w = const float32[24, 16, 3, 3] {0.5}; v = const float32[16, 24, 1, 1] {0.25}; "
      "h = Conv<pads=[1, 1, 1, 1]>(x, w); y = Conv(h, v); }");
  const Tensor x = random_tensor({1, 16, 9, 7}, 3);
  Tensor plain, stored;
  bool last = false;
  for (bool as_stored : {false, true}) {
    SessionOptions options;
    options.observed = {"h"};
    options.observed_as_stored = as_stored;
    Session s(g, options);
    runtime::RunOptions run;
    run.on_value = [&](const std::string&, const Tensor& t) { plain = t.clone(); };
    run.on_stored = [&](const std::string&, const Tensor& t, bool channels_last) { stored = t.clone(), last = channels_last; };
    s.run(std::vector<Datum>{x}, run);
  }
  CHECK(plain.shape() == Shape{1, 24, 9, 7});
  REQUIRE(stored.shape() == (last ? Shape{1, 9, 7, 24} : plain.shape()));
  for (int64_t c = 0; c < 24; ++c)
    for (int64_t p = 0; p < 63; ++p) CHECK(stored.data<float>()[last ? p * 24 + c : c * 63 + p] == doctest::Approx(plain.data<float>()[c * 63 + p]));
  CHECK(last);  // what a convolution makes lies so on every instruction set
}

TEST_CASE("session: sixteen threads share one session and get equal results") {
  Session s(graph::parse(
      "(float32[n, 4] x) -> (y, i) { e = Exp(x); i = NonZero(e); k = const int64[1] {-1}; r = ReduceSum<keepdims=1>(e, k); y = Div(e, r); }"));
  std::vector<std::vector<Datum>> want;
  for (int64_t n = 1; n <= 4; ++n) want.push_back(s.run(std::vector<Datum>{random_tensor({n, 4}, 7)}));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        int64_t n = 1 + (t + i) % 4;
        std::vector<Datum> got = s.run(std::vector<Datum>{random_tensor({n, 4}, 7)});
        for (size_t k = 0; k < got.size(); ++k) wrong += !identical(got[k].tensor, want[static_cast<size_t>(n - 1)][k].tensor);
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("session: a cancelled run stops and the next one works") {
  Session s(graph::parse(k_mlp));
  Control control;
  control.cancel();
  runtime::RunOptions run;
  run.control = &control;
  CHECK(code_of([&] { s.run(std::vector<Datum>{random_tensor({1, 4})}, run); }) == Code::cancelled);
  CHECK(s.run(std::vector<Datum>{random_tensor({1, 4})})[0].is_tensor());
}

TEST_CASE("session: profile times every step") {
  Session s(graph::parse(k_mlp));
  std::vector<Datum> in{random_tensor({2, 4})};
  plan::Report r = s.profile(in, 5);
  CHECK(r.run_us > 0);
  for (const auto& step : r.steps) {
    CHECK(step.calls == (step.kernel == "alias" ? 0 : 5));
    CHECK(step.min_us <= step.median_us);
    CHECK(step.min_us * 5 <= step.total_us * 1.0001);
  }
  CHECK(r.run_min_us <= r.run_median_us);
  CHECK(plan::to_json(r).find("\"kernel\"") != std::string::npos);
  CHECK(plan::to_text(r).find("kernel") != std::string::npos);
}

TEST_CASE("session: explain says what a product multiplies and moves") {
  Session s(graph::parse("(float32[3, 4] x) -> (y) { w = const float32[4, 2] {1, 2, 3, 4, 5, 6, 7, 8}; y = MatMul(x, w); }"));
  plan::Report r = s.explain();
  REQUIRE(r.steps.size() == 1);
  CHECK(r.steps[0].macs == 3 * 4 * 2);
  CHECK(r.steps[0].bytes == 4 * (3 * 4 + 4 * 2 + 3 * 2));
  CHECK(plan::arithmetic(r.steps[0]) == "fp32");
}

TEST_CASE("session: released weights leave one plan that works, and say so when more is asked") {
  graph::Graph g = graph::parse("(float32[n, 64] x) -> (y) { w = const float32[1] {0}; y = MatMul(x, w); }");
  graph::Value& w = g.value(g.find_value("w"));
  w.constant = random_tensor({64, 64}, 5);
  w.type = graph::Type::tensor(DType::f32, Shape{64, 64});
  SessionOptions options;
  options.release_weights = true;
  Session s(g, options), kept(g);
  std::vector<Datum> in{random_tensor({8, 64})};
  Tensor want = kept.run(in)[0].tensor;
  for (int i = 0; i < 3; ++i) CHECK(identical(s.run(in)[0].tensor, want));
  if (s.memory().packed_bytes == 0) return;  // a kernel that packs nothing releases nothing
  CHECK(s.memory().weight_bytes == 0);
  CHECK(kept.memory().weight_bytes == 64 * 64 * 4);
  CHECK(code_of([&] { s.run(std::vector<Datum>{random_tensor({9, 64})}); }) == Code::unsupported);
  CHECK(identical(s.run(in)[0].tensor, want));
}
