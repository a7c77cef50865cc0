// The last act of building: tables that say where each pointer and each datum of a run context comes from; and describing the result.
#include <algorithm>
#include <numeric>

#include "plan/plan.h"

namespace mo::plan {

Plan::Source Plan::source_of(int slot) const {
  if (slot < 0) return {};
  const Buffer& b = buffers_[static_cast<size_t>(slots_[static_cast<size_t>(slot)].buffer)];
  if (b.place == Place::arena) return {Place::arena, b.offset};
  if (b.place == Place::dynamic) return {Place::dynamic, -1};
  return {b.place, b.index};
}

void Plan::finish() {
  for (Step& step : steps_) {
    team_ = std::max(team_, step.threads);
    step.pointer_begin = static_cast<int>(pointer_sources_.size());
    step.in_begin = static_cast<int>(in_data_.size());
    step.out_begin = static_cast<int>(out_slots_.size());
    if (step.kind == StepKind::kernel) {
      for (int s : step.src) pointer_sources_.push_back(source_of(s));
      for (int s : step.dst) pointer_sources_.push_back(source_of(s));
      pointer_sources_.push_back(step.scratch < 0 ? Source{} : Source{Place::arena, buffers_[static_cast<size_t>(step.scratch)].offset});
      continue;
    }
    for (int s : step.src) in_data_.push_back(s < 0 ? -1 : slots_[static_cast<size_t>(s)].datum);
    if (step.kind != StepKind::reference) continue;
    for (int s : step.dst) {
      pointer_sources_.push_back(source_of(s));
      out_slots_.push_back(s);
    }
  }
  input_patches_.resize(inputs_.size());
  output_patches_.resize(outputs_.size());
  auto patch = [&](const Source& source, Patch::Kind kind, size_t index) {
    if (source.at < 0) return;
    if (source.place == Place::input) input_patches_[static_cast<size_t>(source.at)].push_back({kind, static_cast<int>(index)});
    if (source.place == Place::output) output_patches_[static_cast<size_t>(source.at)].push_back({kind, static_cast<int>(index)});
  };
  for (size_t i = 0; i < pointer_sources_.size(); ++i) patch(pointer_sources_[i], Patch::pointer, i);
  for (size_t i = 0; i < datum_slots_.size(); ++i) patch(source_of(datum_slots_[i]), Patch::datum, i);
  for (size_t i = 0; i < out_slots_.size(); ++i) patch(source_of(out_slots_[i]), Patch::out, i);
}

bool Plan::outputs_planned() const {
  return std::all_of(outputs_.begin(), outputs_.end(), [](const Output& o) { return o.planned; });
}

void Times::end_run() {
  for (auto& [plan, entries] : plans)
    for (Entry& e : entries) {
      e.runs.push_back(e.us);
      e.us = 0;
    }
}

namespace {

void add_times(StepReport& report, const Times::Entry& entry) {
  report.calls = entry.calls;
  std::vector<double> sorted = entry.runs;
  if (sorted.empty()) return;
  std::sort(sorted.begin(), sorted.end());
  report.total_us = std::accumulate(sorted.begin(), sorted.end(), 0.0);
  report.min_us = sorted.front();
  report.median_us = (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2;
}

}  // namespace

void Plan::describe(Report& report, const Times* times) const {
  const std::vector<Times::Entry>* entries = nullptr;
  if (times)
    if (auto it = times->plans.find(this); it != times->plans.end()) entries = &it->second;
  report.folded_nodes += folded_;
  report.compile_ms += compile_ms_;
  report.packed_bytes += packed_bytes_;
  report.arena_bytes = std::max(report.arena_bytes, arena_bytes_);
  for (const Tensor& t : constants_) report.weight_bytes += t.bytes();
  size_t note = 0;
  auto add_notes = [&](size_t before) {
    for (; note < notes_.size() && notes_[note].first <= before; ++note) report.steps.push_back(*notes_[note].second);
  };
  for (size_t i = 0; i < steps_.size(); ++i) {
    add_notes(i);
    report.steps.push_back(*reports_[i].report);
    report.steps.back().node = reports_[i].owner->node;
    report.steps.back().origins = reports_[i].owner->origins;
    report.steps.back().in_place = steps_[i].takes_place;
    if (entries && i < entries->size()) { add_times(report.steps.back(), (*entries)[i]); }
    for (const Body& body : steps_[i].bodies)
      for (const auto& plan : body.program->plans()) plan->describe(report, times);
    if (steps_[i].tail)
      for (const auto& plan : steps_[i].tail->plans()) plan->describe(report, times);
  }
  add_notes(steps_.size());
}

}  // namespace mo::plan
