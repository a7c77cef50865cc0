// Report of a quantization: before and after, what stayed in float and why, where it hurts.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "report/json.h"
#include "report/search_part.h"
#include "report/side_by_side.h"
#include "report/table.h"

namespace mo::report {

namespace {

using quantize::NodeOutcome;

// What the quantizer says of an activation that disappears into the integer step before it: nothing a reader needs to see.
constexpr const char* k_fused = "part of the step before it";

// "Softmax, LayerNormalization: reason" grouped by reason, most nodes first.
std::string float_text(const std::vector<NodeOutcome>& nodes) {
  std::map<std::string, std::vector<const NodeOutcome*>> by_reason;
  for (const NodeOutcome& n : nodes)
    if (!n.quantized) by_reason[n.reason].push_back(&n);
  std::vector<std::pair<std::string, std::vector<const NodeOutcome*>>> groups(by_reason.begin(), by_reason.end());
  std::erase_if(groups, [](const auto& g) { return g.first == k_fused; });
  std::stable_sort(groups.begin(), groups.end(), [](auto& a, auto& b) { return a.second.size() > b.second.size(); });
  Table t({"nodes>", "operators", "why"});
  for (const auto& [reason, list] : groups) {
    std::vector<std::string> ops;
    for (const NodeOutcome* n : list)
      if (std::find(ops.begin(), ops.end(), n->op) == ops.end()) ops.push_back(n->op);
    std::sort(ops.begin(), ops.end());
    size_t more = ops.size() > 4 ? ops.size() - 4 : 0;
    if (more) ops.resize(4);
    t.row({std::to_string(list.size()), join(ops, ", ") + (more ? text(" and ", more, " more") : ""), printable(reason, 120)});
  }
  return t.empty() ? "" : "\nLeft in float:\n" + t.text();
}

const std::string& label(const NodeOutcome& n) { return n.node.empty() ? n.value : n.node; }

std::string worst_text(const std::vector<NodeOutcome>& nodes, size_t count) {
  std::vector<const NodeOutcome*> order;
  for (const NodeOutcome& n : nodes)
    if (n.quantized && std::isfinite(n.snr_db)) order.push_back(&n);
  if (order.empty()) return "";
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->snr_db < b->snr_db; });
  if (order.size() > count) order.resize(count);
  Table t({"node", "operator", "SNR>", "cosine>"});
  for (const NodeOutcome* n : order) t.row({printable(label(*n), 48), n->op, significant(n->snr_db, 3) + " dB", fixed(n->cosine, 6)});
  return "\nQuantized nodes with the largest error, on calibration samples:\n" + t.text();
}

Json json_of_node(const NodeOutcome& n) {
  Json j{{"node", printable(n.node)}, {"value", printable(n.value)}, {"op", n.op}, {"quantized", n.quantized}};
  if (!n.quantized) j["reason"] = printable(n.reason, 400);
  j["snr_db"] = number(n.snr_db);
  j["cosine"] = number(n.cosine);
  return j;
}

}  // namespace

Report quantization_report(const QuantizationFacts& facts) {
  int64_t quantized = std::count_if(facts.nodes.begin(), facts.nodes.end(), [](const NodeOutcome& n) { return n.quantized; });
  int64_t total = static_cast<int64_t>(facts.nodes.size());
  Json nodes = Json::array(), warnings = Json::array(), outputs = Json::array();
  for (const runtime::ValueError& e : facts.outputs) outputs.push_back(json_of(e));
  for (const NodeOutcome& n : facts.nodes) nodes.push_back(json_of_node(n));
  for (const std::string& w : facts.warnings) warnings.push_back(printable(w, 1000));
  Json j{{"input", json_of(facts.before)},
         {"output", json_of(facts.after)},
         {"input_digest", facts.before.digest},
         {"output_digest", facts.after.digest},
         {"quantized", quantized},
         {"left_in_float", total - quantized},
         {"quantized_weights", facts.quantized_weights},
         {"quantized_activations", facts.quantized_activations},
         {"calibration_samples", facts.calibration_samples},
         {"outputs", outputs},
         {"nodes", nodes},
         {"warnings", warnings},
         {"seconds", number(facts.seconds)},
         {"seed", facts.seed},
         {"options", options_json(facts.options)}};
  Report report;
  if (facts.search) j["search"] = json_of(*facts.search), j["passed"] = report.passed = passed(*facts.search);
  report.json = dump(j);
  report.text = side_by_side(facts.before, facts.after, "before", "after");
  report.text += text("\n", quantized, " of ", total, " nodes quantized");
  if (facts.calibration_samples > 0) report.text += text(" with ", facts.calibration_samples, " calibration samples");
  report.text += text(" in ", significant(facts.seconds, 3), " s\n");
  for (const runtime::ValueError& e : facts.outputs)
    report.text += text("output ", printable(e.name, 60), ": signal to noise ", std::isfinite(e.snr_db) ? significant(e.snr_db, 3) : "infinite",
                        " dB, cosine ", fixed(e.cosine, 6), "\n");
  if (facts.search) report.text += text_of(*facts.search);
  report.text += float_text(facts.nodes) + worst_text(facts.nodes, 8);
  for (const std::string& w : facts.warnings) report.text += "\nwarning: " + printable(w, 1000);
  if (!facts.warnings.empty()) report.text += "\n";
  return report;
}

}  // namespace mo::report
