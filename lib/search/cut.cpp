// Shortest augmenting paths (Edmonds and Karp 1972): graphs of a few hundred units need nothing faster.
#include "search/cut.h"

#include <algorithm>
#include <queue>

#include "base/error.h"

namespace mo::search {

namespace {

class Network {
 public:
  explicit Network(size_t nodes) : edges_of_(nodes) {}

  void connect(size_t a, size_t b, double forward, double backward) {
    edges_of_[a].push_back(edges_.size());
    edges_.push_back({b, forward});
    edges_of_[b].push_back(edges_.size());
    edges_.push_back({a, backward});
  }

  bool augment(size_t from, size_t to) {
    std::vector<size_t> via = search(from);
    if (via[to] == k_unseen) return false;
    double room = 1e300;
    for (size_t at = to; at != from; at = edges_[via[at] ^ 1].to) room = std::min(room, edges_[via[at]].room);
    for (size_t at = to; at != from; at = edges_[via[at] ^ 1].to) edges_[via[at]].room -= room, edges_[via[at] ^ 1].room += room;
    return true;
  }

  std::vector<bool> reached(size_t from) const {
    std::vector<size_t> via = search(from);
    std::vector<bool> out(via.size());
    for (size_t i = 0; i < via.size(); ++i) out[i] = i == from || via[i] != k_unseen;
    return out;
  }

 private:
  static constexpr size_t k_unseen = static_cast<size_t>(-1);
  struct Edge {
    size_t to;
    double room;
  };

  std::vector<size_t> search(size_t from) const {  // the edge by which each node was reached
    std::vector<size_t> via(edges_of_.size(), k_unseen);
    std::queue<size_t> open;
    open.push(from);
    while (!open.empty()) {
      size_t at = open.front();
      open.pop();
      for (size_t e : edges_of_[at]) {
        size_t to = edges_[e].to;
        if (to == from || via[to] != k_unseen || edges_[e].room <= 1e-12) continue;
        via[to] = e;
        open.push(to);
      }
    }
    return via;
  }

  std::vector<Edge> edges_;
  std::vector<std::vector<size_t>> edges_of_;
};

}  // namespace

std::vector<bool> cheapest_sides(const std::vector<Sides>& things, const std::vector<Tie>& ties) {
  size_t n = things.size(), source = n, sink = n + 1;
  Network net(n + 2);
  for (size_t i = 0; i < n; ++i) {
    require(things[i].first >= 0 && things[i].second >= 0, Code::invalid_argument, "a cut with a negative cost");
    // a thing reached from the source is on the second side, and then its edge to the sink is cut
    net.connect(source, i, things[i].first, 0);
    net.connect(i, sink, things[i].second, 0);
  }
  for (const Tie& t : ties) net.connect(t.a, t.b, t.cost, t.cost);
  while (net.augment(source, sink)) {}
  std::vector<bool> reached = net.reached(source);
  reached.resize(n);
  return reached;
}

}  // namespace mo::search
