// Text and JSON of a plan's report.
#include "plan/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace mo::plan {

namespace {

std::string padded(std::string s, size_t width) {
  if (s.size() < width) s.resize(width, ' ');
  return s;
}

std::string fixed(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

}  // namespace

std::string arithmetic(const StepReport& s) {
  if (s.macs == 0) return "";
  auto starts = [&](std::string_view type) { return s.inputs.starts_with(type); };
  const bool eight = starts("int8[") || starts("uint8[") || s.detail.find("activations of") != std::string::npos;
  if (eight) return "int8";
  return starts("bfloat16[") || s.detail.find("bf16") != std::string::npos ? "bf16" : "fp32";
}

std::string to_text(const Report& report) {
  size_t node = 4, op = 2, kernel = 6;
  for (const StepReport& s : report.steps) {
    node = std::max(node, std::min<size_t>(s.node.size(), 48));
    op = std::max(op, s.op.size());
    kernel = std::max(kernel, s.kernel.size());
  }
  bool timed = report.run_us > 0;
  std::string out = padded("node", node) + "  " + padded("op", op) + "  " + padded("kernel", kernel) + (timed ? "  us/run   " : "") + "  detail\n";
  for (const StepReport& s : report.steps) {
    out += padded(printable(s.node, 48), node) + "  " + padded(s.op, op) + "  " + padded(s.kernel, kernel);
    if (timed) out += "  " + padded(fixed(s.calls ? s.total_us / static_cast<double>(report.runs) : 0, 1), 9);
    out += "  " + s.detail;
    if (!s.outputs.empty()) out += (s.detail.empty() ? "" : " ") + text("-> ", s.outputs);
    if (s.in_place) out += " (in place)";
    if (!s.where.empty()) out += text(" [", printable(s.where, 80), "]");
    if (s.origins.size() > 1) out += text(" <- ", printable(join(s.origins, ", "), 160));
    for (const Refusal& r : s.refusals) out += text("\n", std::string(node + op + 4, ' '), "not ", r.kernel, ": ", printable(r.reason));
    out += '\n';
  }
  out += text("arena ", report.arena_bytes, " B, constants ", report.weight_bytes, " B, packed from ", report.packed_bytes, " B, folded nodes ",
              report.folded_nodes, ", threads ", report.threads, ", planned in ", fixed(report.compile_ms, 1), " ms\n");
  if (timed) out += "one run " + fixed(report.run_us, 1) + " us\n";
  return out;
}

namespace {

// Rates are of the fastest run, by what one execution is known to do.
void add_times(nlohmann::json& j, const StepReport& s, const Report& report) {
  j["calls"] = s.calls;
  j["total_us"] = s.total_us;
  j["min_us"] = s.min_us;
  j["median_us"] = s.median_us;
  if (report.run_us > 0) j["share"] = s.total_us / (report.run_us * static_cast<double>(report.runs));
  const double calls = static_cast<double>(s.calls) / static_cast<double>(std::max<int64_t>(report.runs, 1));
  if (s.min_us <= 0) return;
  if (s.macs || s.flops) j["gflops"] = calls * static_cast<double>(2 * s.macs + s.flops) / s.min_us / 1e3;
  if (s.bytes) j["gbytes_per_s"] = calls * static_cast<double>(s.bytes) / s.min_us / 1e3;
}

}  // namespace

std::string to_json(const Report& report) {
  using nlohmann::json;
  json steps = json::array();
  for (const StepReport& s : report.steps) {
    json j = {{"node", printable(s.node)},     {"op", printable(s.op)}, {"kernel", s.kernel},
              {"detail", printable(s.detail)}, {"inputs", s.inputs},    {"outputs", s.outputs}};
    if (!s.where.empty()) j["where"] = printable(s.where);
    if (!s.origins.empty()) {
      json names = json::array();
      for (const std::string& name : s.origins) names.push_back(printable(name));
      j["origins"] = names;
    }
    json refusals = json::array();
    for (const Refusal& r : s.refusals) refusals.push_back({{"kernel", r.kernel}, {"reason", printable(r.reason)}});
    j["refusals"] = refusals;
    if (s.scratch_bytes) j["scratch_bytes"] = s.scratch_bytes;
    if (s.in_place) j["in_place"] = true;
    if (s.macs) {
      j["macs"] = s.macs;
      j["arithmetic"] = arithmetic(s);
    }
    if (s.flops) j["flops"] = s.flops;
    if (s.bytes) j["bytes"] = s.bytes;
    if (s.calls) add_times(j, s, report);
    steps.push_back(std::move(j));
  }
  json out = {{"steps", steps},
              {"arena_bytes", report.arena_bytes},
              {"packed_bytes", report.packed_bytes},
              {"weight_bytes", report.weight_bytes},
              {"folded_nodes", report.folded_nodes},
              {"threads", report.threads},
              {"compile_ms", report.compile_ms}};
  int64_t macs = 0, bytes = 0;
  for (const StepReport& s : report.steps) macs += s.macs, bytes += s.bytes;
  out["macs"] = macs;
  out["bytes"] = bytes;
  if (report.run_us > 0) {
    out["run_us"] = report.run_us;
    out["run_min_us"] = report.run_min_us;
    out["run_median_us"] = report.run_median_us;
    out["runs"] = report.runs;
  }
  return out.dump(2, ' ', false, json::error_handler_t::replace);
}

}  // namespace mo::plan
