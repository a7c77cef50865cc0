// Judge: the caller's measure of how good a model is.
#pragma once
#include <functional>
#include <string>

#include "graph/graph.h"

namespace mo::search {

struct Judge {
  std::string name;  // "top1", "callback"
  bool higher_is_better = true;
  std::function<double(const graph::Model&)> score;
  explicit operator bool() const { return static_cast<bool>(score); }
};

// How much worse `value` is than `reference`; negative when it is better.
inline double drop(const Judge& judge, double reference, double value) { return judge.higher_is_better ? reference - value : value - reference; }

}  // namespace mo::search
