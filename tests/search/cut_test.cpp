// The minimum cut against trying every side.
#include "search/cut.h"

#include <doctest/doctest.h>

#include <random>

#include "search/faster.h"

using namespace mo;

namespace {

double cost_of(const std::vector<search::Sides>& things, const std::vector<search::Tie>& ties, const std::vector<bool>& second) {
  double sum = 0;
  for (size_t i = 0; i < things.size(); ++i) sum += second[i] ? things[i].second : things[i].first;
  for (const auto& t : ties) sum += second[t.a] != second[t.b] ? t.cost : 0;
  return sum;
}

}  // namespace

TEST_CASE("the cut costs as little as the best of all ways to take sides") {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int round = 0; round < 60; ++round) {
    size_t n = 1 + static_cast<size_t>(round) % 10;
    std::vector<search::Sides> things(n);
    std::vector<search::Tie> ties;
    for (auto& t : things) t = {uniform(random), uniform(random)};
    for (size_t a = 0; a < n; ++a)
      for (size_t b = a + 1; b < n; ++b)
        if (uniform(random) < 0.4) ties.push_back({a, b, uniform(random) / 2});
    double best = 1e9;
    for (size_t bits = 0; bits < (size_t{1} << n); ++bits) {
      std::vector<bool> second(n);
      for (size_t i = 0; i < n; ++i) second[i] = bits >> i & 1;
      best = std::min(best, cost_of(things, ties, second));
    }
    CHECK(cost_of(things, ties, search::cheapest_sides(things, ties)) == doctest::Approx(best).epsilon(1e-9));
  }
}

TEST_CASE("a node that loses in integers stays when changing precision around it costs more, and goes when it costs less") {
  std::vector<search::Link> links = {{0, 1, 0}, {1, 2, 0}};
  std::vector<double> plain = {100, 10, 100}, quantized = {30, 15, 30};
  CHECK(search::faster_sides({1, 1, 1}, plain, quantized, links, {8, 8}) == search::Assignment{1, 1, 1});
  CHECK(search::faster_sides({1, 1, 1}, plain, quantized, links, {1, 1}) == search::Assignment{1, 0, 1});
  // what an accuracy search left in float is not turned back
  CHECK(search::faster_sides({0, 1, 1}, plain, quantized, links, {8, 8})[0] == 0);
}
