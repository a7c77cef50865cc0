// Spelling of measurements as JSON.
#include "report/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace mo::report {

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json json_of(const runtime::BenchmarkResult& r, double load_ms) {
  Json inputs = Json::object();
  for (const auto& [name, type] : r.inputs) inputs[printable(name)] = type;
  return Json{{"median_ms", number(r.median_ms)},
              {"min_ms", number(r.min_ms)},
              {"mean_ms", number(r.mean_ms)},
              {"p90_ms", number(r.p90_ms)},
              {"p99_ms", number(r.p99_ms)},
              {"max_ms", number(r.max_ms)},
              {"first_ms", number(r.first_ms)},
              {"throughput", number(r.throughput)},
              {"peak_rss_mb", number(r.peak_rss_mb)},
              {"load_ms", number(load_ms + r.session_ms)},
              {"session_ms", number(r.session_ms)},
              {"iterations", r.iterations},
              {"batch", r.batch},
              {"threads", r.threads},
              {"inputs", inputs}};
}

Json json_of(const data::Evaluation& e) {
  Json j{{"metric", e.metric},
         {"value", number(e.value)},
         {"samples", e.samples},
         {"higher_is_better", e.higher_is_better},
         {"seconds", number(e.seconds)}};
  if (e.interval) j["interval"] = json_of(*e.interval);
  return j;
}

Json json_of(const data::Interval& i) {
  return Json{{"low", number(i.low)},     {"high", number(i.high)}, {"confidence", number(i.confidence)},
              {"resamples", i.resamples}, {"samples", i.samples},   {"seed", i.seed}};
}

Json json_of(const runtime::ValueError& e) {
  Json j{{"value", printable(e.name)}};
  if (!e.node.empty()) j["node"] = printable(e.node);
  if (!e.op.empty()) j["op"] = printable(e.op);
  j["snr_db"] = number(e.snr_db);
  j["equal"] = std::isinf(e.snr_db) && e.snr_db > 0;
  j["cosine"] = number(e.cosine);
  j["max_abs_error"] = number(e.max_abs);
  j["mean_abs_error"] = number(e.mean_abs);
  j["range"] = number(e.range);
  j["agreement"] = number(e.agreement);
  j["elements"] = e.elements;
  j["not_finite"] = e.not_finite;
  return j;
}

Json json_of(const Side& side) {
  const Summary& s = side.summary;
  Json j{{"digest", side.digest}};
  if (side.file_bytes > 0) j["file_bytes"] = side.file_bytes;
  j["parameters"] = s.parameters;
  j["parameter_bytes"] = s.parameter_bytes;
  j["bytes_by_dtype"] = s.bytes_by_dtype;
  j["macs"] = s.macs;
  j["nodes"] = s.nodes;
  j["quantized_nodes"] = s.quantized_nodes;
  if (side.latency) j["latency"] = json_of(*side.latency, side.load_ms);
  if (side.memory) {
    j["memory"] = {
        {"arena_bytes", side.memory->arena_bytes}, {"packed_bytes", side.memory->packed_bytes}, {"weight_bytes", side.memory->weight_bytes}};
  }
  if (side.metric) j["metric"] = json_of(*side.metric);
  return j;
}

Json json_of(const std::vector<Gate>& gates) {
  Json list = Json::array();
  for (const Gate& g : gates)
    list.push_back({{"gate", g.name}, {"value", number(g.value)}, {g.at_least ? "at_least" : "at_most", number(g.limit)}, {"passed", g.passed()}});
  return list;
}

Json options_json(const std::string& text) { return text.empty() ? Json::object() : Json::parse(text); }

std::string dump(const Json& j) { return j.dump(2, ' ', false, Json::error_handler_t::replace); }

}  // namespace mo::report
