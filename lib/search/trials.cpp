// Counting, timing and remembering evaluations.
#include "search/trials.h"

#include <cmath>

namespace mo::search {

Trials::Trials(const Space& space, const Judge& judge, double max_drop, double time_limit, int64_t max_evaluations, Control* control)
    : space_(space),
      judge_(judge),
      max_drop_(max_drop),
      time_limit_(time_limit),
      max_evaluations_(max_evaluations),
      control_(control),
      start_(std::chrono::steady_clock::now()) {
  progress(control_, "evaluate the float form", 0, 1);
  float_score_ = judge_.score(space_.base());
  require(std::isfinite(float_score_), Code::invalid_argument, "the metric of the float model is not a finite number");
  ++evaluations_;
}

double Trials::seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

const Trial* Trials::judge(const Assignment& assignment, const std::string& what) {
  if (auto it = known_.find(assignment); it != known_.end()) return &list_[it->second];
  bool first = list_.empty();  // one is always judged: there must be a best so far
  if (!first && (stopped_ || (time_limit_ > 0 && seconds() >= time_limit_) || (max_evaluations_ > 0 && evaluations_ >= max_evaluations_))) {
    stopped_ = true;
    return nullptr;
  }
  progress(control_, "evaluate", evaluations_, max_evaluations_);
  double before = seconds();
  Trial t{assignment, 0, 0, false, 0, what};
  t.score = assignment == space_.all(0) ? float_score_ : judge_.score(space_.build(assignment, control_).model);
  evaluations_ += assignment != space_.all(0);
  t.drop = drop(judge_, float_score_, t.score);
  t.meets = t.drop <= max_drop_ + 1e-12;  // a NaN never does
  t.seconds = seconds() - before;
  known_[assignment] = list_.size();
  list_.push_back(std::move(t));
  return &list_.back();
}

}  // namespace mo::search
