// Threads per step: small plans stay on the calling thread, large steps get the team.
#include <doctest/doctest.h>

#include <atomic>

#include "base/calm.h"
#include "base/threads.h"
#include "graph/graph.h"
#include "plan/team.h"
#include "runtime/session.h"

using namespace mo;

namespace {
// The kernels of a product of n x n matrices followed by a Relu, planned for 2 threads.
std::string details(int64_t n) {
  std::string size = std::to_string(n);
  graph::Graph g = graph::parse("(float32[" + size + ", " + size + "] a, float32[" + size + ", " + size +
                                "] b) -> (y) { p = MatMul(a, b); q = Neg(p); y = Softmax(q); }");
  runtime::SessionOptions o;
  o.threads = 2;
  runtime::Session s(g, o);
  s.prepare();
  std::string out;
  for (const auto& step : s.explain().steps) out += step.detail + "; ";
  return out;
}
}  // namespace

TEST_CASE("a plan of small steps uses one thread, a large one wakes the team") {
  CHECK(details(16).find("threads") == std::string::npos);
  CHECK(details(1024).find("2 threads") != std::string::npos);
  CHECK(plan::step_team(plan::k_step_us / 2, 8) == 1);
  CHECK(plan::step_team(plan::k_step_us * 2, 8) == 8);
  CHECK(plan::copy_us(int64_t{1} << 30) > plan::k_step_us);
}

TEST_CASE("parallel loops kept on their caller run the same shares there, and only while that is wanted") {
  const auto shares = [] {
    std::atomic<int> others{0}, calls{0};
    static thread_local bool mine = false;
    mine = true;
    parallel_for(0, 100, 1, 4, [&](int64_t, int64_t) { ++calls, others += !mine; });
    mine = false;
    return std::pair<int, int>(calls, others);
  };
  {
    OnCaller here(true);
    CHECK(shares() == std::pair<int, int>(4, 0));
    {
      OnCaller inner(false);
      CHECK(runs_on_caller());
    }
  }
  CHECK_FALSE(runs_on_caller());
  CHECK(shares().first == 4);
}
