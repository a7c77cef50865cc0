// Report of sensitivities: units from the most harmful to the least.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/json.h"
#include "report/table.h"
#include "search/space.h"

namespace mo::report {

namespace {

std::string decibels(double v) { return std::isfinite(v) ? significant(v, 4) : "infinite"; }

}  // namespace

Report sensitivity_report(const SensitivityFacts& f) {
  std::vector<const search::Sensitivity*> order;
  for (const auto& row : f.rows) order.push_back(&row);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->harm > b->harm; });
  Json units = Json::array();
  bool metric = f.measure == "metric";
  std::vector<std::string> heads = {"unit", "operators", "precision", "SNR dB>", "cosine>", "KL>"};
  if (metric) heads.push_back("drop>");
  Table t(heads);
  for (const search::Sensitivity* s : order) {
    const search::Unit& u = f.space->units()[s->unit];
    const std::string& precision = f.space->precisions()[static_cast<size_t>(s->precision)];
    Json nodes = Json::array();
    for (graph::NodeId id : u.nodes) nodes.push_back(printable(f.space->base().graph.node(id).name));
    Json j{{"unit", printable(u.name)},
           {"ops", u.ops},
           {"nodes", nodes},
           {"weights", u.weights},
           {"precision", precision},
           {"harm", number(s->harm)},
           {"snr_db", number(s->snr_db)},
           {"cosine", number(s->cosine)},
           {"kl", number(s->kl)}};
    if (metric) j["drop"] = number(s->metric_drop);
    units.push_back(std::move(j));
    std::vector<std::string> cells = {
        printable(u.name, 48), u.ops, precision, decibels(s->snr_db), fixed(s->cosine, 6), std::isnan(s->kl) ? "" : significant(s->kl, 3)};
    if (metric) cells.push_back(significant(s->metric_drop, 3));
    t.row(std::move(cells));
  }
  Json j{{"input_digest", f.model.digest},    {"measure", f.measure}, {"samples", f.samples}, {"units", units}, {"seconds", number(f.seconds)},
         {"options", options_json(f.options)}};
  if (metric) j["metric"] = f.metric, j["float_score"] = f.float_score ? number(*f.float_score) : Json(nullptr);
  Report r;
  r.json = dump(j);
  r.text =
      text("Each unit quantized alone, ", f.samples, " samples, ", significant(f.seconds, 3), " s; the most harmful by ", f.measure, " first\n") +
      t.text();
  return r;
}

}  // namespace mo::report
