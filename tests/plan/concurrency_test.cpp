// One session, many threads: plans made, evicted and run at once, bodies and tails included, give the bytes of a single thread.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "support/plan_case.h"

using namespace mo;
using test::random_tensor;

namespace {

const char* k_everything =
    "(float32[n, 4] x, int64[] turns) -> (y, p, l) { w = const float32[4, 3] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}; e = Sigmoid(x); y = MatMul(e, "
    "w);"
    " i = NonZero(x); t = Transpose(i); f = GatherND(x, t); u = const int64[1] {1}; c = Unsqueeze(f, u); k = const float32[1, 4] {1, 2, 3, 4}; m = "
    "MatMul(c, k); p = MatMul(m, w);"
    " go = const bool[] {1}; half = const float32[] {0.5};"
    " l = Loop<body=(int64[] j, bool[] g, float32[n, 4] v) -> (more, next) { s = Mul(v, half); next = Add(s, x); more = Identity(g); }>(turns, go, "
    "x); }";

std::vector<Datum> inputs(int64_t n) { return {random_tensor({n, 4}, static_cast<uint64_t>(n)), Tensor::scalar<int64_t>(n % 3)}; }

}  // namespace

TEST_CASE("concurrency: plans are made and dropped while others run") {
  runtime::SessionOptions options;
  options.max_plans = 2;
  graph::Graph g = graph::parse(k_everything);
  std::vector<std::vector<Datum>> want;
  for (int64_t n = 1; n <= 5; ++n) want.push_back(runtime::Session(g, options).run(inputs(n)));
  runtime::Session session(g, options);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        int64_t n = 1 + (t + i / 4) % 5;
        std::vector<Datum> got = session.run(inputs(n));
        for (size_t k = 0; k < got.size(); ++k) wrong += !identical(got[k].tensor, want[static_cast<size_t>(n - 1)][k].tensor);
        if (i % 16 == 0) session.explain();
        if (i % 16 == 8) session.memory();
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("concurrency: errors in one thread leave the others alone") {
  runtime::Session session(graph::parse("(float32[n] x, int64[k] i) -> (y) { e = Exp(x); look: y = Gather(e, i); }"));
  std::atomic<int> thrown{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        bool bad = (t + i) % 3 == 0;
        try {
          Datum y = session.run(std::vector<Datum>{Tensor::of<float>({2}, {0, 0}), Tensor::of<int64_t>({1}, {bad ? 9 : 1})})[0];
          wrong += bad || y.tensor.number() != 1;
        } catch (const Error& e) {
          wrong += !bad || e.node() != "look";
          ++thrown;
        }
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(thrown > 0);
}
