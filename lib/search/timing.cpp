// Profiles of several models in turn, their steps assigned to units by the names of the nodes they came from.
#include "search/timing.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>

#include "runtime/benchmark.h"

namespace mo::search {

namespace {

runtime::SessionOptions session_of(const TimingOptions& options) {
  runtime::SessionOptions session;
  session.threads = options.threads;
  return session;
}

using Clock = std::chrono::steady_clock;
double us_since(Clock::time_point start) { return std::chrono::duration<double, std::micro>(Clock::now() - start).count(); }

// Node name -> unit: the unit's own nodes, and every other node to the first unit that its result reaches.
std::map<std::string, size_t> owners(const Space& space) {
  const graph::Graph& g = space.base().graph;
  std::map<graph::NodeId, size_t> owner;
  for (size_t u = 0; u < space.units().size(); ++u)
    for (graph::NodeId id : space.units()[u].nodes) owner[id] = u;
  for (auto it = g.order().rbegin(); it != g.order().rend(); ++it) {
    if (owner.contains(*it)) continue;
    for (graph::ValueId v : g.node(*it).outputs) {
      if (v == graph::k_none || owner.contains(*it)) continue;
      for (graph::NodeId user : g.value(v).users)
        if (auto found = owner.find(user); found != owner.end() && (!owner.contains(*it) || found->second < owner[*it])) owner[*it] = found->second;
    }
  }
  std::map<std::string, size_t> by_name;
  for (const auto& [id, u] : owner) by_name[g.node(id).name] = u;
  return by_name;
}

std::map<std::string, size_t> own_nodes(const Space& space) {
  std::map<std::string, size_t> by_name;
  for (size_t u = 0; u < space.units().size(); ++u)
    for (graph::NodeId id : space.units()[u].nodes) by_name[space.base().graph.node(id).name] = u;
  return by_name;
}

// "uint8[1, 3, 32, 32] channels_last" -> 3072
double elements_in(const std::string& described) {
  size_t open = described.find('['), close = described.find(']');
  if (open == std::string::npos || close == std::string::npos) return 0;
  double product = 1;
  for (const std::string& dim : split(described.substr(open + 1, close - open - 1), ',')) {
    double d = 0;
    for (char c : dim)
      if (c >= '0' && c <= '9') d = d * 10 + (c - '0');
    product *= d;
  }
  return product;
}

bool changes_type(const plan::StepReport& s) { return s.op == "QuantizeLinear" || s.op == "DequantizeLinear" || s.op == "Cast"; }

class Timed {
 public:
  Timed(const graph::Model& model, std::span<const Datum> inputs, const TimingOptions& options)
      : session_(model, session_of(options)), inputs_(inputs) {
    session_.profile(inputs_, 1);  // plans and packs
  }

  void round() {
    plan::Report r = session_.profile(inputs_, 1);
    runs_.push_back(r.run_us);
    steps_.resize(r.steps.size(), std::numeric_limits<double>::infinity());
    for (size_t i = 0; i < r.steps.size(); ++i) steps_[i] = std::min(steps_[i], r.steps[i].total_us);
    last_ = std::move(r);
  }

  ModelTime result(size_t units, const std::map<std::string, size_t>& own, const std::map<std::string, size_t>& near) const {
    ModelTime t;
    t.unit_us.assign(units, 0);
    for (size_t i = 0; i < last_.steps.size(); ++i) {
      const plan::StepReport& s = last_.steps[i];
      if (!s.where.empty()) continue;  // a body's time is in the step of its owner
      auto unit = owner(s, own, near);
      if (unit) {
        t.unit_us[*unit] += steps_[i];
      } else {
        t.change_us += steps_[i];
        if (changes_type(s)) t.changed_elements += elements_in(s.outputs);
      }
    }
    std::vector<double> sorted = runs_;
    std::sort(sorted.begin(), sorted.end());
    t.median_us = runtime::quantile(sorted, 0.5), t.min_us = sorted.front();
    return t;
  }

 private:
  static std::optional<size_t> owner(const plan::StepReport& s, const std::map<std::string, size_t>& own, const std::map<std::string, size_t>& near) {
    std::vector<std::string> names = s.origins;
    names.push_back(s.node);
    for (const auto* table : {&own, &near})
      for (const std::string& name : names)
        if (auto it = table->find(name); it != table->end()) return it->second;
    return std::nullopt;
  }

  runtime::Session session_;
  std::span<const Datum> inputs_;
  std::vector<double> steps_, runs_;
  plan::Report last_;
};

// Calls round() of each in turn until the time is used up.
template <class F>
void in_turn(size_t count, const TimingOptions& options, Control* control, const char* stage, const F& round) {
  auto start = Clock::now();
  double limit = options.seconds * 1e6 * static_cast<double>(count);
  for (int k = 0; options.rounds > 0 ? k < options.rounds : k < 3 || (us_since(start) < limit && k < 200); ++k) {
    progress(control, stage, k, options.rounds);
    for (size_t m = 0; m < count; ++m) round(m);
  }
}

}  // namespace

std::vector<ModelTime> time_models(const Space& space, const std::vector<const graph::Model*>& models, std::span<const Datum> inputs,
                                   const TimingOptions& options, Control* control) {
  std::vector<std::unique_ptr<Timed>> timed;
  for (const graph::Model* m : models) timed.push_back(std::make_unique<Timed>(*m, inputs, options));
  in_turn(timed.size(), options, control, "time", [&](size_t m) { timed[m]->round(); });
  std::map<std::string, size_t> own = own_nodes(space), near = owners(space);
  std::vector<ModelTime> out;
  for (const auto& t : timed) out.push_back(t->result(space.units().size(), own, near));
  return out;
}

std::vector<RunTime> race(const std::vector<const graph::Model*>& models, std::span<const Datum> inputs, const TimingOptions& options,
                          Control* control) {
  std::vector<std::unique_ptr<runtime::Session>> sessions;
  std::vector<std::vector<Datum>> results;
  for (const graph::Model* m : models) {
    sessions.push_back(std::make_unique<runtime::Session>(*m, session_of(options)));
    results.emplace_back(sessions.back()->outputs().size());
  }
  std::vector<std::vector<double>> times(models.size());
  runtime::RunOptions run;
  run.control = control;
  for (size_t m = 0; m < models.size(); ++m)
    for (int k = 0; k < 2; ++k) sessions[m]->run_into(inputs, results[m], run);
  in_turn(models.size(), options, control, "race", [&](size_t m) {
    auto start = Clock::now();
    sessions[m]->run_into(inputs, results[m], run);
    times[m].push_back(us_since(start));
  });
  std::vector<RunTime> out;
  for (auto& t : times) {
    std::sort(t.begin(), t.end());
    out.push_back({runtime::quantile(t, 0.5), t.front()});
  }
  return out;
}

}  // namespace mo::search
