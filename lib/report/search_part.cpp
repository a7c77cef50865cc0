// A search as JSON and as text: the goal, the trials, what went back to float and why.
#include "report/search_part.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "report/table.h"

namespace mo::report {

namespace {

using search::Outcome;

Json optional(const std::optional<double>& v) { return v ? number(*v) : Json(nullptr); }

size_t quantized(const search::Assignment& a) {
  return static_cast<size_t>(std::count_if(a.begin(), a.end(), [](int p) { return p != 0; }));
}

Json json_of_unit(const Outcome& o, size_t u) {
  const search::Unit& unit = o.units[u];
  Json j{{"unit", printable(unit.name)}, {"ops", unit.ops}, {"nodes", static_cast<int64_t>(unit.nodes.size())}, {"weights", unit.weights}};
  j["precision"] = o.precisions[static_cast<size_t>(o.assignment[u])];
  if (!o.reasons[u].empty()) j["reason"] = o.reasons[u];
  for (const search::Sensitivity& s : o.sensitivities)
    if (s.unit == u) j["harm"][o.precisions[static_cast<size_t>(s.precision)]] = number(s.harm);
  for (const search::UnitTime& t : o.times)
    if (t.unit == u) j["float_us"] = number(t.float_us), j["quantized_us"] = number(t.quantized_us);
  return j;
}

std::string significant_or(const std::optional<double>& v, const char* otherwise) { return v ? significant(*v, 5) : otherwise; }

std::string returned_text(const Outcome& o) {
  std::map<std::string, std::vector<size_t>> by_reason;
  for (size_t u = 0; u < o.units.size(); ++u)
    if (!o.reasons[u].empty()) by_reason[o.reasons[u]].push_back(u);
  std::string out;
  for (const auto& [reason, list] : by_reason) {
    out += text("\n", list.size(), " ", reason, ":\n");
    Table t({"unit", "operators", text("harm of ", o.precisions.size() > 1 ? o.precisions[1] : std::string(), ">"), "float us>", "quantized us>"});
    for (size_t u : list) {
      std::string harm, plain, fast;
      for (const auto& s : o.sensitivities)
        if (s.unit == u && s.precision == 1) harm = significant(s.harm, 3);
      for (const auto& time : o.times)
        if (time.unit == u) plain = significant(time.float_us, 3), fast = significant(time.quantized_us, 3);
      t.row({printable(o.units[u].name, 48), o.units[u].ops, harm, plain, fast});
    }
    out += t.text();
  }
  return out;
}

}  // namespace

bool passed(const Outcome& o) { return o.met; }

Json json_of(const Outcome& o) {
  Json units = Json::array(), trials = Json::array();
  for (size_t u = 0; u < o.units.size(); ++u) units.push_back(json_of_unit(o, u));
  for (const search::Trial& t : o.trials)
    trials.push_back({{"what", t.what},
                      {"quantized", static_cast<int64_t>(quantized(t.assignment))},
                      {"score", number(t.score)},
                      {"drop", number(t.drop)},
                      {"meets", t.meets},
                      {"seconds", number(t.seconds)}});
  Json j{{"met", o.met},
         {"stopped", o.stopped},
         {"metric", o.metric},
         {"higher_is_better", o.higher_is_better},
         {"float_score", optional(o.float_score)},
         {"score", optional(o.score)},
         {"drop", optional(o.drop)},
         {"max_drop", optional(o.max_drop)},
         {"evaluations", o.evaluations},
         {"units_quantized", static_cast<int64_t>(quantized(o.assignment))},
         {"units_in_all", static_cast<int64_t>(o.units.size())},
         {"precisions", o.precisions},
         {"sensitivity", o.measure},
         {"mixed", o.mixed},
         {"proven", o.proven},
         {"weights_bytes", {{"float", number(o.float_bytes)}, {"now", optional(o.bytes)}, {"limit", optional(o.max_bytes)}}}};
  if (o.float_ms > 0) j["latency_ms"] = {{"float", number(o.float_ms)}, {"now", optional(o.ms)}, {"limit", optional(o.max_ms)}};
  j["trials"] = trials;
  j["units"] = units;
  j["seconds"] = number(o.seconds);
  return j;
}

std::string text_of(const Outcome& o) {
  std::string out = text("\nSearch: ", quantized(o.assignment), " of ", o.units.size(), " units quantized, ", significant(o.seconds, 3), " s\n");
  if (!o.metric.empty()) {
    out += text(o.metric, ": float ", significant_or(o.float_score, "?"), ", now ", significant_or(o.score, "?"), ", drop ",
                significant_or(o.drop, "?"));
    if (o.max_drop) out += text(" of at most ", significant(*o.max_drop, 5), o.met ? ": met" : ": NOT met");
    out += text(", ", o.evaluations, " evaluations", o.stopped ? ", stopped by a limit" : "", "\n");
  }
  if (o.float_ms > 0 && o.ms)
    out += text("one run: float ", significant(o.float_ms, 4), " ms, now ", significant(*o.ms, 4), " ms",
                o.max_ms ? text(", limit ", significant(*o.max_ms, 4), " ms") : "", "\n");
  if (o.max_bytes && o.bytes) out += text("weights: ", bytes_text(*o.bytes), ", limit ", bytes_text(*o.max_bytes), "\n");
  if (!o.trials.empty()) {
    Table t({"trial", "quantized>", "score>", "drop>", "holds"});
    for (const search::Trial& trial : o.trials)
      t.row({trial.what, std::to_string(quantized(trial.assignment)), significant(trial.score, 5), significant(trial.drop, 3),
             o.max_drop ? (trial.meets ? "yes" : "no") : ""});
    out += t.text();
  }
  return out + returned_text(o);
}

}  // namespace mo::report
