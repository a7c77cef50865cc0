// The knapsack against trying every choice.
#include "search/knapsack.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "base/error.h"

using namespace mo;
using search::Choice;

namespace {

// The least value that fits, by trying all; infinity when nothing fits.
double brute_force(const std::vector<std::vector<Choice>>& groups, std::array<double, 2> limits) {
  double best = INFINITY;
  std::vector<size_t> at(groups.size(), 0);
  while (true) {
    double value = 0, a = 0, b = 0;
    for (size_t i = 0; i < groups.size(); ++i) value += groups[i][at[i]].value, a += groups[i][at[i]].cost[0], b += groups[i][at[i]].cost[1];
    if (a <= limits[0] + 1e-9 && b <= limits[1] + 1e-9) best = std::min(best, value);
    size_t i = 0;
    while (i < at.size() && ++at[i] == groups[i].size()) at[i++] = 0;
    if (i == at.size()) return best;
  }
}

std::vector<std::vector<Choice>> random_groups(std::mt19937& random, int groups, int choices) {
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<std::vector<Choice>> out;
  for (int i = 0; i < groups; ++i) {
    out.emplace_back();
    double size = std::exp(4 * uniform(random));
    // as precisions do: less harm for more bytes and time, not strictly
    for (int j = 0; j < choices; ++j)
      out.back().push_back({size * uniform(random) * std::pow(10.0, -j), {size * (1 + j) * (0.5 + uniform(random)), size * (0.2 + uniform(random))}});
  }
  return out;
}

}  // namespace

TEST_CASE("the knapsack finds what trying every choice finds, for one limit and for two") {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> uniform(0.1, 0.9);
  int feasible = 0;
  for (int round = 0; round < 120; ++round) {
    int n = 1 + round % 9;
    auto groups = random_groups(random, n, 2 + round % 2);
    std::array<double, 2> least = {}, most = {}, limits;
    for (const auto& g : groups)
      for (size_t k = 0; k < 2; ++k) {
        double low = INFINITY, high = 0;
        for (const Choice& c : g) low = std::min(low, c.cost[k]), high = std::max(high, c.cost[k]);
        least[k] += low, most[k] += high;
      }
    for (size_t k = 0; k < 2; ++k) limits[k] = least[k] + uniform(random) * (most[k] - least[k]);
    if (round % 3 == 0) limits[1] = search::k_no_limit;
    double expected = brute_force(groups, limits);
    search::Packing p = search::pack(groups, limits);
    CHECK(p.proven);
    CHECK(p.feasible == std::isfinite(expected));
    if (!p.feasible) continue;
    ++feasible;
    CHECK(p.value == doctest::Approx(expected).epsilon(1e-9));
    CHECK(p.cost[0] <= limits[0] + 1e-6);
    CHECK(p.cost[1] <= limits[1] + 1e-6);
    CHECK(p.bound <= p.value + 1e-9);
  }
  CHECK(feasible > 60);
}

TEST_CASE("a knapsack of hundreds of groups is solved to proof, or says how far it may be off") {
  std::mt19937 random(2);
  auto groups = random_groups(random, 300, 3);
  std::array<double, 2> limits = {0, search::k_no_limit};
  for (const auto& g : groups) limits[0] += (g.front().cost[0] + g.back().cost[0]) / 2;
  search::Packing p = search::pack(groups, limits, 200000);
  REQUIRE(p.feasible);
  CHECK(p.bound <= p.value * (1 + 1e-12));
  CHECK(p.value <= p.bound * 1.01);
}

TEST_CASE("a knapsack that nothing fits says so; nonsense is refused") {
  CHECK_FALSE(search::pack({{{1, {2, 0}}, {2, {3, 0}}}}, {1, 1}).feasible);
  CHECK(search::pack({}, {1, 1}).feasible);
  CHECK_THROWS_AS(search::pack({{}}, {1, 1}), Error);
  CHECK_THROWS_AS(search::pack({{{NAN, {1, 1}}}}, {1, 1}), Error);
}
