// Trials: assignments judged, each once, with a count, a time limit and the best so far.
#pragma once
#include <chrono>
#include <map>
#include <optional>

#include "search/judge.h"
#include "search/space.h"

namespace mo::search {

struct Trial {
  Assignment assignment;
  double score = 0, drop = 0;
  bool meets = false;  // the limit on the drop
  double seconds = 0;
  std::string what;  // "12 of 53 given back"
};

class Trials {
 public:
  // max_drop: in the metric's unit. time_limit (seconds) and max_evaluations: 0 for none.
  Trials(const Space& space, const Judge& judge, double max_drop, double time_limit, int64_t max_evaluations, Control* control);

  double float_score() const { return float_score_; }
  double max_drop() const { return max_drop_; }
  void limit_to_share(double share) { max_drop_ = share * (float_score_ < 0 ? -float_score_ : float_score_); }  // of the float score
  // Judges it, or remembers; null when a limit stops the search.
  const Trial* judge(const Assignment& assignment, const std::string& what);
  const std::vector<Trial>& list() const { return list_; }  // in order
  int64_t evaluations() const { return evaluations_; }      // of the judge, that of the float form included
  bool stopped() const { return stopped_; }                 // by a limit
  double seconds() const;
  void limit_evaluations(int64_t most) { max_evaluations_ = most; }

 private:
  const Space& space_;
  const Judge& judge_;
  double max_drop_, time_limit_;
  int64_t max_evaluations_;
  Control* control_;
  std::chrono::steady_clock::time_point start_;
  double float_score_ = 0;
  int64_t evaluations_ = 0;
  bool stopped_ = false;
  std::vector<Trial> list_;
  std::map<Assignment, size_t> known_;
};

}  // namespace mo::search
