// Report of two models side by side, with the nodes where they differ most.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/json.h"
#include "report/side_by_side.h"
#include "report/table.h"

namespace mo::report {

namespace {

std::string decibels(double snr) { return std::isinf(snr) && snr > 0 ? "equal" : significant(snr, 3) + " dB"; }

std::string outputs_text(const runtime::CompareResult& errors) {
  Table t({"output", "SNR>", "cosine>", "largest error>", "same top class>"});
  for (const runtime::ValueError& e : errors.outputs)
    t.row({printable(e.name, 40), decibels(e.snr_db), fixed(e.cosine, 6), significant(e.max_abs, 3), percent(e.agreement)});
  return t.text();
}

std::string worst_text(const runtime::CompareResult& errors, size_t count) {
  std::vector<const runtime::ValueError*> order;
  for (const runtime::ValueError& e : errors.values) order.push_back(&e);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->snr_db < b->snr_db; });
  if (order.size() > count) order.resize(count);
  Table t({"node", "operator", "SNR>", "cosine>", "largest error>"});
  for (const runtime::ValueError* e : order)
    t.row({printable(e->node.empty() ? e->name : e->node, 48), e->op, decibels(e->snr_db), fixed(e->cosine, 6), significant(e->max_abs, 3)});
  return t.text();
}

std::string change_text(const ComparisonFacts& facts) {
  const data::Interval& i = *facts.change;
  auto with_sign = [](double v) { return text(v > 0 ? "+" : "", significant(v, 3)); };
  return text("\n", facts.a.metric->metric, " changes by ", with_sign(facts.b.metric->value - facts.a.metric->value), "; ", percent(i.confidence),
              " interval ", with_sign(i.low), " to ", with_sign(i.high), ": ", i.holds(0) ? "within" : "beyond", " the noise of ", i.samples,
              " samples (paired bootstrap, ", i.resamples, " resamples)\n");
}

}  // namespace

Report comparison_report(const ComparisonFacts& facts) {
  Report report;
  report.passed = all_passed(facts.gates);
  Json j{{"a", json_of(facts.a)}, {"b", json_of(facts.b)}};
  if (facts.a.metric && facts.b.metric) {
    double change = facts.b.metric->value - facts.a.metric->value;
    j["metric_change"] = number(change);
    j["metric_loss"] = number(facts.a.metric->higher_is_better ? -change : change);
  }
  if (facts.change) {
    j["metric_change_interval"] = json_of(*facts.change);
    j["metric_change_interval"]["below_zero"] = number(facts.change->below);
    j["metric_change_beyond_noise"] = !facts.change->holds(0);
  }
  if (facts.errors) {
    j["samples"] = facts.errors->samples;
    j["outputs"] = Json::array();
    for (const auto& e : facts.errors->outputs) j["outputs"].push_back(json_of(e));
    j["nodes"] = Json::array();
    for (const auto& e : facts.errors->values) j["nodes"].push_back(json_of(e));
  }
  j["gates"] = json_of(facts.gates);
  j["passed"] = report.passed;
  j["options"] = options_json(facts.options);
  report.json = dump(j);

  report.text = side_by_side(facts.a, facts.b, "first", "second");
  if (facts.change) report.text += change_text(facts);
  if (facts.errors && !facts.errors->outputs.empty())
    report.text += text("\nOutputs of the second against the first (", facts.errors->samples, " batches):\n") + outputs_text(*facts.errors);
  if (facts.errors && !facts.errors->values.empty()) report.text += "\nNodes that differ most:\n" + worst_text(*facts.errors, 10);
  if (!facts.gates.empty()) report.text += text("\n", gates_text(facts.gates));
  return report;
}

}  // namespace mo::report
