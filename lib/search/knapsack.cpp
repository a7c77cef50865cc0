// The dual is maximised one multiplier at a time by bisection on its slope (cost spent minus limit); any multipliers give a valid bound, so
// branch and bound is exact whatever they are. H. Kellerer, U. Pferschy, D. Pisinger, Knapsack Problems, 2004, chapter 11.
#include "search/knapsack.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace mo::search {

namespace {

using Groups = std::vector<std::vector<Choice>>;
using Pair = std::array<double, 2>;

double priced(const Choice& c, const Pair& price) { return c.value + price[0] * c.cost[0] + price[1] * c.cost[1]; }

class Solver {
 public:
  Solver(const Groups& groups, Pair limits, int64_t max_nodes) : groups_(groups), limits_(limits), max_nodes_(max_nodes) {
    for (const auto& g : groups_) {
      require(!g.empty(), Code::invalid_argument, "a group of no choices");
      for (const Choice& c : g)
        require(!std::isnan(c.value) && c.cost[0] >= 0 && c.cost[1] >= 0, Code::invalid_argument, "a choice with a NaN or a negative cost");
    }
  }

  Packing run() {
    cheapest();
    maximise_dual();
    best_.bound = dual(price_);
    improve();
    order_groups();
    chosen_.assign(groups_.size(), 0);
    descend(0, 0, {});
    best_.nodes = nodes_;
    best_.proven = nodes_ < max_nodes_;
    if (best_.proven && best_.feasible) best_.bound = best_.value;
    return std::move(best_);
  }

 private:
  bool fits(const Pair& cost) const {
    for (int k = 0; k < 2; ++k)
      if (cost[k] > limits_[k] + 1e-9 * std::max(1.0, std::fabs(limits_[k])) && std::isfinite(limits_[k])) return false;
    return true;
  }

  void offer(const std::vector<int>& chosen) {
    double value = 0;
    Pair cost = {};
    for (size_t i = 0; i < groups_.size(); ++i) {
      const Choice& c = groups_[i][static_cast<size_t>(chosen[i])];
      value += c.value, cost[0] += c.cost[0], cost[1] += c.cost[1];
    }
    if (!fits(cost) || (best_.feasible && value >= best_.value)) return;
    best_.feasible = true, best_.chosen = chosen, best_.value = value, best_.cost = cost;
  }

  // The two extremes: least value, least cost.
  void cheapest() {
    for (Pair price : {Pair{0, 0}, Pair{1e18, 0}, Pair{0, 1e18}, Pair{1e18, 1e18}}) best_response(price);
  }

  Pair best_response(const Pair& price) {
    std::vector<int> chosen(groups_.size());
    Pair cost = {};
    for (size_t i = 0; i < groups_.size(); ++i) {
      const auto& g = groups_[i];
      auto it = std::min_element(g.begin(), g.end(), [&](const Choice& a, const Choice& b) { return priced(a, price) < priced(b, price); });
      chosen[i] = static_cast<int>(it - g.begin());
      cost[0] += it->cost[0], cost[1] += it->cost[1];
    }
    offer(chosen);
    return cost;
  }

  double dual(const Pair& price) const {
    double sum = 0;
    for (int k = 0; k < 2; ++k)
      if (price[k] > 0) sum -= price[k] * limits_[k];
    for (const auto& g : groups_) {
      double least = priced(g[0], price);
      for (const Choice& c : g) least = std::min(least, priced(c, price));
      sum += least;
    }
    return sum;
  }

  void maximise_dual() {
    for (int sweep = 0; sweep < 4; ++sweep)
      for (size_t k = 0; k < 2; ++k) {
        if (!std::isfinite(limits_[k])) continue;
        Pair low = price_, high = price_;
        low[k] = 0;
        if (best_response(low)[k] <= limits_[k]) {
          price_ = low;
          continue;
        }
        high[k] = 1e-12;
        while (high[k] < 1e18 && best_response(high)[k] > limits_[k]) low[k] = high[k], high[k] *= 16;
        for (int step = 0; step < 80 && high[k] - low[k] > 1e-12 * high[k]; ++step) {
          Pair middle = price_;
          middle[k] = (low[k] + high[k]) / 2;
          (best_response(middle)[k] > limits_[k] ? low : high)[k] = middle[k];
        }
        price_ = dual(low) > dual(high) ? low : high;
      }
  }

  // Exchanges of one or two choices from the best answer so far: large problems are rarely searched to the end.
  void improve() {
    if (!best_.feasible) return;
    size_t n = groups_.size();
    for (int pass = 0; pass < 20; ++pass) {
      double before = best_.value;
      for (size_t i = 0; i < n; ++i) {
        exchange(i, i);
        for (size_t j = i + 1; j < n && n <= 600; ++j) exchange(i, j);
      }
      if (best_.value >= before - 1e-12 * std::fabs(before)) return;
    }
  }

  void exchange(size_t i, size_t j) {
    auto at = [&](size_t g) -> const Choice& { return groups_[g][static_cast<size_t>(best_.chosen[g])]; };
    for (size_t a = 0; a < groups_[i].size(); ++a)
      for (size_t b = 0; b < (i == j ? 1 : groups_[j].size()); ++b) {
        const Choice& x = groups_[i][a];
        double value = best_.value + x.value - at(i).value;
        Pair cost = best_.cost;
        for (size_t k = 0; k < 2; ++k) cost[k] += x.cost[k] - at(i).cost[k];
        if (i != j) {
          const Choice& y = groups_[j][b];
          value += y.value - at(j).value;
          for (size_t k = 0; k < 2; ++k) cost[k] += y.cost[k] - at(j).cost[k];
        }
        if (value >= best_.value || !fits(cost)) continue;
        std::vector<int> chosen = best_.chosen;
        chosen[i] = static_cast<int>(a);
        if (i != j) chosen[j] = static_cast<int>(b);
        offer(chosen);  // sums anew, so that roundings do not gather
      }
  }

  // Groups whose choices differ most at these prices first: their wrong branches are cut early.
  void order_groups() {
    std::vector<double> spread(groups_.size());
    for (size_t i = 0; i < groups_.size(); ++i) {
      std::vector<double> v;
      for (const Choice& c : groups_[i]) v.push_back(priced(c, price_));
      std::sort(v.begin(), v.end());
      spread[i] = v.size() > 1 ? v[1] - v[0] : 0;
    }
    order_.resize(groups_.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) { return spread[a] > spread[b]; });
    size_t n = groups_.size();
    rest_.assign(n + 1, 0), rest_value_.assign(n + 1, 0), rest_cost_.assign(n + 1, Pair{});
    for (size_t d = n; d-- > 0;) {
      const auto& g = groups_[order_[d]];
      double least = INFINITY, value = INFINITY;
      Pair cost = {INFINITY, INFINITY};
      for (const Choice& c : g) {
        least = std::min(least, priced(c, price_)), value = std::min(value, c.value);
        for (size_t k = 0; k < 2; ++k) cost[k] = std::min(cost[k], c.cost[k]);
      }
      rest_[d] = rest_[d + 1] + least, rest_value_[d] = rest_value_[d + 1] + value;
      for (size_t k = 0; k < 2; ++k) rest_cost_[d][k] = rest_cost_[d + 1][k] + cost[k];
    }
  }

  void descend(size_t depth, double value, Pair cost) {
    if (nodes_ >= max_nodes_) return;
    ++nodes_;
    if (!fits({cost[0] + rest_cost_[depth][0], cost[1] + rest_cost_[depth][1]})) return;
    double bound = value + rest_[depth];
    for (size_t k = 0; k < 2; ++k)
      if (price_[k] > 0) bound += price_[k] * (cost[k] - limits_[k]);
    bound = std::max(bound, value + rest_value_[depth]);
    if (best_.feasible && bound >= best_.value - 1e-12 * std::max(1e-300, std::fabs(best_.value))) return;
    if (depth == groups_.size()) return offer(chosen_);
    size_t g = order_[depth];
    std::vector<int> by_price(groups_[g].size());
    std::iota(by_price.begin(), by_price.end(), 0);
    std::stable_sort(by_price.begin(), by_price.end(), [&](int a, int b) {
      return priced(groups_[g][static_cast<size_t>(a)], price_) < priced(groups_[g][static_cast<size_t>(b)], price_);
    });
    for (int j : by_price) {
      const Choice& c = groups_[g][static_cast<size_t>(j)];
      chosen_[g] = j;
      descend(depth + 1, value + c.value, {cost[0] + c.cost[0], cost[1] + c.cost[1]});
    }
  }

  const Groups& groups_;
  const Pair limits_;
  const int64_t max_nodes_;
  Pair price_ = {};
  std::vector<size_t> order_;
  std::vector<double> rest_, rest_value_;  // least priced value, least value of the groups from a depth on
  std::vector<Pair> rest_cost_;
  std::vector<int> chosen_;
  Packing best_;
  int64_t nodes_ = 0;
};

}  // namespace

Packing pack(const Groups& groups, Pair limits, int64_t max_nodes) { return Solver(groups, limits, max_nodes).run(); }

}  // namespace mo::search
