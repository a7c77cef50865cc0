// Doubling, bisection, trimming. The metric need not be monotone: what is returned was judged itself.
#include "search/fallback.h"

#include <algorithm>
#include <optional>

namespace mo::search {

namespace {

Assignment given_back(Assignment a, const std::vector<size_t>& order, size_t count) {
  for (size_t i = 0; i < count; ++i) a[order[i]] = 0;
  return a;
}

class Walk {
 public:
  Walk(Trials& trials, const Assignment& start, const std::vector<size_t>& order) : trials_(trials), start_(start), order_(order) {}

  Fallback run(bool trimmed) {
    size_t prefix = shortest_prefix();
    if (met_ && trimmed && prefix > 1) trim(prefix);
    const Trial& t = best();
    return {t.assignment, t.score, t.drop, t.meets, prefix};
  }

 private:
  // nullopt: a limit stopped the search.
  std::optional<bool> holds(size_t count) {
    const Trial* t = trials_.judge(given_back(start_, order_, count), text(count, " of ", order_.size(), " given back"));
    if (!t) return std::nullopt;
    if (t->meets) met_ = t->assignment;
    return t->meets;
  }

  size_t shortest_prefix() {
    size_t fails = 0, works = order_.size();
    auto first = holds(0);
    if (!first || *first) return 0;
    for (size_t step = 1; step < order_.size(); step *= 2) {
      auto ok = holds(step);
      if (!ok) return works;
      if (*ok) {
        works = step;
        break;
      }
      fails = step;
    }
    while (works - fails > 1) {
      size_t middle = fails + (works - fails) / 2;
      auto ok = holds(middle);
      if (!ok) return works;
      (*ok ? works : fails) = middle;
    }
    if (!met_) holds(works);
    return works;
  }

  // The last of the prefix is needed beside the others; of the others, groups are tried as they were.
  void trim(size_t prefix) {
    for (size_t size = std::max<size_t>(1, (prefix - 1) / 2);; size /= 2) {
      for (size_t end = prefix - 1; end > 0;) {
        size_t begin = end > size ? end - size : 0;
        Assignment a = *met_;
        for (size_t i = begin; i < end; ++i) a[order_[i]] = start_[order_[i]];
        end = begin;
        if (a == *met_) continue;
        const Trial* t = trials_.judge(a, text("ranks ", begin + 1, "..", std::min(begin + size, prefix - 1), " quantized again"));
        if (!t) return;
        if (t->meets) met_ = a;
      }
      if (size <= 1) return;
    }
  }

  // That which holds with the most units as they were; else the least drop.
  const Trial& best() const {
    const Trial* best = nullptr;
    size_t changed_of_best = 0;
    for (const Trial& t : trials_.list()) {
      size_t changed = 0;
      for (size_t u = 0; u < start_.size(); ++u) changed += t.assignment[u] != start_[u];
      bool better = !best || t.meets > best->meets || (t.meets == best->meets && (t.meets ? changed < changed_of_best : t.drop < best->drop));
      if (better) best = &t, changed_of_best = changed;
    }
    require(best != nullptr, Code::limit, "the limits of the search end it before its first trial");
    return *best;
  }

  Trials& trials_;
  const Assignment& start_;
  const std::vector<size_t>& order_;
  std::optional<Assignment> met_;
};

}  // namespace

Fallback fall_back(Trials& trials, const Assignment& start, const std::vector<size_t>& order, bool trim) {
  return Walk(trials, start, order).run(trim);
}

}  // namespace mo::search
