// The order of work: sensitivities, then either a fallback along their order or a knapsack, then the clock, then the metric once more.
#include "search/search.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace mo::search {

namespace {

constexpr double k_slow = 1.25;  // times float: beyond the noise of one timing

std::string short_text(double v) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", v);
  return buffer;
}

class Search {
 public:
  Search(const graph::Model& model, const quantize::Calibration* calibration, const quantize::Options& options, const Goal& goal, const Judge& judge,
         const std::vector<runtime::Named>& samples, std::span<const Datum> inputs, Control* control)
      : goal_(goal), judge_(judge), samples_(samples), inputs_(inputs), control_(control), space_(model, calibration, options, goal.space, control) {
    require(!goal.max_drop || judge, Code::invalid_argument, "a limit on the metric's drop needs a metric and data to measure it on");
    require(!goal.max_drop || !std::isnan(*goal.max_drop), Code::invalid_argument, "max_drop is NaN");
    reasons_.assign(space_.units().size(), "");
  }

  Outcome run() {
    auto start = start_ = std::chrono::steady_clock::now();
    if (judge_) {
      int64_t most = goal_.max_evaluations > 0 ? goal_.max_evaluations : std::max<int64_t>(12, static_cast<int64_t>(space_.units().size()) / 2);
      trials_.emplace(space_, judge_, goal_.max_drop.value_or(INFINITY), goal_.time_limit, most, control_);
      if (goal_.relative && goal_.max_drop) trials_->limit_to_share(*goal_.max_drop);
      out_.float_score = trials_->float_score();
      if (goal_.max_drop) out_.max_drop = trials_->max_drop();
    }
    bool budget = goal_.max_bytes || goal_.max_ms || goal_.max_size_ratio || goal_.max_latency_ratio;
    out_.mixed = budget || space_.precisions().size() > 2;
    if (out_.mixed) mixed();
    else if (goal_.max_drop) fallback();
    else assignment_ = space_.all(1);
    if (!goal_.keep_slower) never_slower();
    finish();
    out_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(out_);
  }

 private:
  void find_sensitivities() {
    const Judge* judge = goal_.sensitivity.measure == "metric" ? &judge_ : nullptr;
    SensitivityOptions o = goal_.sensitivity;
    if (goal_.time_limit > 0)
      o.stop = [this] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() >= goal_.time_limit; };
    out_.sensitivities = sensitivity(space_, samples_, judge, out_.float_score.value_or(0), o, control_);
  }

  void fallback() {
    const Trial* plain = trials_->judge(space_.all(1), "all quantized");
    if (plain && plain->meets) {  // no order is needed
      assignment_ = plain->assignment;
      return;
    }
    find_sensitivities();
    out_.stopped = out_.sensitivities.size() < space_.units().size();
    Fallback f = fall_back(*trials_, space_.all(1), by_harm(out_.sensitivities, 1), goal_.trim);
    assignment_ = f.assignment;
    for (size_t u = 0; u < assignment_.size(); ++u)
      if (assignment_[u] == 0) reasons_[u] = text("given back to float to keep ", judge_.name);
  }

  double other_bytes() const {
    double all = 0, own = 0;
    const graph::Graph& g = space_.base().graph;
    for (graph::ValueId v = 0; v < g.value_count(); ++v)
      if (g.value(v).is_constant()) all += static_cast<double>(g.value(v).constant.bytes());
    for (size_t u = 0; u < space_.units().size(); ++u) own += space_.weight_bytes(u, 0);
    return std::max(0.0, all - own);  // tied weights are counted once in all
  }

  // Where time ended before all was measured: as bad as the worst of that precision, and at least the noise of its bits (6 dB each).
  void guess_harms(Costs& c) const {
    for (size_t p = 1; p < space_.precisions().size(); ++p) {
      double worst = 0;
      for (const Sensitivity& s : out_.sensitivities)
        if (s.precision == static_cast<int>(p)) worst = std::max(worst, s.harm);
      for (size_t u = 0; u < c.harm.size(); ++u) {
        double bits = 8 * space_.weight_bytes(u, static_cast<int>(p)) / static_cast<double>(std::max<int64_t>(1, space_.units()[u].weights));
        c.harm[u][p] = std::max(worst, std::pow(4.0, -bits));
      }
    }
  }

  Costs costs() {
    Costs c;
    size_t units = space_.units().size(), precisions = space_.precisions().size();
    c.harm.assign(units, std::vector<double>(precisions, 0)), c.bytes = c.us = c.harm;
    guess_harms(c);
    for (const Sensitivity& s : out_.sensitivities) c.harm[s.unit][static_cast<size_t>(s.precision)] = s.harm;
    std::vector<graph::Model> models;
    for (size_t p = 0; p < precisions; ++p) models.push_back(space_.build(space_.all(static_cast<int>(p)), control_).model);
    std::vector<const graph::Model*> pointers;
    for (const graph::Model& m : models) pointers.push_back(&m);
    std::vector<ModelTime> times = time_models(space_, pointers, inputs_, goal_.timing, control_);
    for (size_t u = 0; u < units; ++u)
      for (size_t p = 0; p < precisions; ++p) {
        c.bytes[u][p] = space_.weight_bytes(u, static_cast<int>(p));
        c.us[u][p] = times[p].unit_us[u];
      }
    // a precision without a fast kernel here is no choice, unless size cannot be had otherwise
    c.barred.assign(units, std::vector<bool>(precisions, false));
    for (size_t u = 0; u < units && !goal_.keep_slower; ++u)
      for (size_t p = 1; p < precisions; ++p) c.barred[u][p] = c.us[u][p] > k_slow * c.us[u][0] + 2;
    c.other_bytes = other_bytes();
    double own = std::accumulate(times[0].unit_us.begin(), times[0].unit_us.end(), 0.0);
    c.other_us = std::max(0.0, times[0].median_us - own);
    out_.float_ms = times[0].median_us / 1000;
    out_.float_bytes = c.other_bytes;
    for (size_t u = 0; u < units; ++u) out_.float_bytes += c.bytes[u][0];
    return c;
  }

  void mixed() {
    find_sensitivities();
    bool whole = out_.sensitivities.size() == space_.units().size() * (space_.precisions().size() - 1);
    out_.stopped = out_.stopped || !whole;
    Costs c = costs();
    Limits limits;
    if (goal_.max_bytes) limits.bytes = *goal_.max_bytes;
    if (goal_.max_size_ratio) limits.bytes = std::min(limits.bytes, *goal_.max_size_ratio * out_.float_bytes);
    if (goal_.max_ms) limits.us = *goal_.max_ms * 1000;
    if (goal_.max_latency_ratio) limits.us = std::min(limits.us, *goal_.max_latency_ratio * out_.float_ms * 1000);
    if (std::isfinite(limits.bytes)) out_.max_bytes = limits.bytes;
    if (std::isfinite(limits.us)) out_.max_ms = limits.us / 1000;
    if (!mix(c, Wanted::least_harm, limits).feasible) c.barred.clear();
    Mix best = goal_.max_drop ? mixed_for_metric(c, limits) : mixed_for_budget(c, limits);
    require(best.feasible, Code::threshold, "no choice of precisions keeps the limits on size and time together");
    assignment_ = best.assignment, out_.proven = best.proven && whole;
    for (size_t u = 0; u < assignment_.size(); ++u)
      if (assignment_[u] == 0) reasons_[u] = "float by the choice that keeps the goal at least cost";
  }

  // The sum of unit times is not the time of a run: where the choice takes longer than foreseen, the limit is drawn tighter.
  Mix mixed_for_budget(const Costs& c, Limits limits) {
    Mix best = mix(c, Wanted::least_harm, limits);
    double allowed = limits.us;
    for (int round = 0; round < 3 && best.feasible && std::isfinite(allowed); ++round) {
      graph::Model made = space_.build(best.assignment, control_).model;
      double us = race({&made}, inputs_, goal_.timing, control_)[0].median_us;
      if (us <= allowed) break;
      limits.us -= (us - allowed) + 0.01 * allowed;
      Mix tighter = mix(c, Wanted::least_harm, limits);
      if (!tighter.feasible) break;
      best = tighter;
    }
    return best;
  }

  // The harm that may be allowed is not known beforehand: bisection between the least that is possible and that of the cheapest choice.
  Mix mixed_for_metric(const Costs& c, Limits limits) {
    Wanted aim = goal_.minimize == "size" ? Wanted::least_bytes : Wanted::least_time;
    Mix least = mix(c, Wanted::least_harm, limits), most = mix(c, aim, limits), best = least;
    if (!least.feasible || !most.feasible) return least;
    if (judged(most)) return most;
    double low = std::max(least.harm, most.harm * 1e-6), high = most.harm;
    for (int step = 0; step < 10 && high > low * 1.05 && !trials_->stopped(); ++step) {
      limits.harm = std::sqrt(low * high);
      Mix tried = mix(c, aim, limits);
      bool good = tried.feasible && judged(tried);
      if (good) best = tried;
      (good ? low : high) = limits.harm;
    }
    if (best.assignment == least.assignment) judged(least);
    return best;
  }

  bool judged(const Mix& m) {
    size_t changed = static_cast<size_t>(std::count_if(m.assignment.begin(), m.assignment.end(), [](int p) { return p != 0; }));
    const Trial* t =
        trials_->judge(m.assignment, text("a mix of harm ", short_text(m.harm), ", ", changed, " of ", m.assignment.size(), " quantized"));
    return t && t->meets;
  }

  void never_slower() {
    if (assignment_ == space_.all(0)) return;
    Faster f = keep_faster(space_, assignment_, inputs_, goal_.timing, control_);
    out_.float_ms = f.float_us / 1000;
    bool keep = true;
    if (out_.max_bytes && !f.returned.empty()) keep = bytes_of(f.assignment) <= *out_.max_bytes;  // a promise on size goes before speed
    if (keep && goal_.max_drop && !f.returned.empty() && f.assignment != space_.all(0)) {
      trials_->limit_evaluations(trials_->evaluations() + 1);
      const Trial* t = trials_->judge(f.assignment, text(f.returned.size(), " slower ones in float"));
      keep = !t || t->meets || !met(assignment_);
    }
    if (!keep) {
      f.assignment = assignment_, f.after_us = f.before_us, f.returned.clear();
    } else {
      for (size_t u : f.returned)
        reasons_[u] = f.slower ? "the model as a whole is not faster in integers on this machine" : "slower in integers on this machine";
      assignment_ = f.assignment;
    }
    out_.ms = f.after_us / 1000;
    out_.times = f.units;
    out_.faster = std::move(f);
  }

  bool met(const Assignment& a) const {
    return std::any_of(trials_->list().begin(), trials_->list().end(), [&](const Trial& t) { return t.assignment == a && t.meets; });
  }

  double bytes_of(const Assignment& a) const {
    double sum = other_bytes();
    for (size_t u = 0; u < a.size(); ++u) sum += space_.weight_bytes(u, a[u]);
    return sum;
  }

  void finish() {
    out_.result = space_.build_final(assignment_, reasons_, control_);
    out_.precisions = space_.precisions(), out_.units = space_.units(), out_.assignment = assignment_, out_.reasons = reasons_;
    out_.measure = goal_.sensitivity.measure;
    out_.bytes = bytes_of(assignment_);
    if (out_.float_bytes == 0) out_.float_bytes = bytes_of(space_.all(0));
    if (out_.max_bytes) out_.met = out_.met && *out_.bytes <= *out_.max_bytes;
    if (out_.max_ms) {
      if (!out_.ms) out_.ms = race({&out_.result.model}, inputs_, goal_.timing, control_)[0].median_us / 1000;
      out_.met = out_.met && *out_.ms <= *out_.max_ms;
    }
    if (!trials_) return;
    out_.metric = judge_.name, out_.higher_is_better = judge_.higher_is_better;
    if (assignment_ == space_.all(0)) { out_.score = out_.float_score, out_.drop = 0; }
    for (const Trial& t : trials_->list())
      if (t.assignment == assignment_) out_.score = t.score, out_.drop = t.drop;
    if (!out_.score) {  // one more, whatever the limits say: what is handed out was measured
      out_.score = judge_.score(out_.result.model);
      out_.drop = drop(judge_, *out_.float_score, *out_.score);
      ++extra_;
    }
    if (out_.max_drop) out_.met = out_.met && *out_.drop <= *out_.max_drop + 1e-12;
    out_.trials = trials_->list(), out_.evaluations = trials_->evaluations() + extra_, out_.stopped = out_.stopped || trials_->stopped();
  }

  const Goal& goal_;
  const Judge& judge_;
  const std::vector<runtime::Named>& samples_;
  std::span<const Datum> inputs_;
  Control* control_;
  Space space_;
  std::chrono::steady_clock::time_point start_;
  std::optional<Trials> trials_;
  Assignment assignment_;
  std::vector<std::string> reasons_;
  int64_t extra_ = 0;
  Outcome out_;
};

}  // namespace

Outcome run(const graph::Model& model, const quantize::Calibration* calibration, const quantize::Options& options, const Goal& goal,
            const Judge& judge, const std::vector<runtime::Named>& samples, std::span<const Datum> inputs, Control* control) {
  return Search(model, calibration, options, goal, judge, samples, inputs, control).run();
}

}  // namespace mo::search
