// Sizes that a program's inputs leave open, and stand-ins for them.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace mo::plan {

// One set of input shapes seen as one of many that differ in open sizes only. Sizes of 0 and 1 are part of what they have in common: operators treat them apart.
struct OpenSizes {
  std::vector<int64_t> key;        // equal keys: the same open axes, the same zeros and ones
  std::vector<graph::Type> open;   // the inputs with the other open axes left open
  std::vector<graph::Type> sized;  // the same with a stand-in for each: a prime that few models know; axes of one symbol have one size, "P+S" the sum
};

// Nothing where no axis is open, or none is longer than one, or an input is no tensor.
std::optional<OpenSizes> open_sizes(std::span<const graph::Type> declared, std::span<const graph::Type> given);

}  // namespace mo::plan
