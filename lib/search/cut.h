// Minimum cut: the cheapest way to put each of some things on one of two sides, when neighbours on different sides cost extra.
#pragma once
#include <cstddef>
#include <vector>

namespace mo::search {

struct Sides {
  double first = 0, second = 0;  // cost of being on each side
};
struct Tie {
  size_t a = 0, b = 0;
  double cost = 0;  // when a and b are on different sides
};

// true: on the second side. Costs must not be negative; exact (maximum flow).
std::vector<bool> cheapest_sides(const std::vector<Sides>& things, const std::vector<Tie>& ties);

}  // namespace mo::search
