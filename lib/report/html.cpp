// The page is made of the report's JSON: whatever a report has, it shows; two models side by side, errors as bars, lists as tables.
#include "report/html.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/json.h"
#include "report/table.h"

namespace mo::report {

namespace {

constexpr const char* k_style =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;color:#1b1f24;background:#fff}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}table{border-collapse:collapse;margin:.5em 0}"
    "th,td{padding:.25em .8em;border-bottom:1px solid #d8dee4;text-align:left;vertical-align:top}th{background:#f6f8fa}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.bar{background:#4078c0;height:.8em;display:inline-block;min-width:1px}"
    ".yes{color:#116329}.no{color:#a40e26;font-weight:600}pre{background:#f6f8fa;padding:1em;overflow:auto}td.w{overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th,pre{background:#161b22}th,td{border-color:#30363d}"
    ".yes{color:#3fb950}.no{color:#ff7b72}}";

std::string escaped(std::string_view raw) {
  std::string out;
  for (char c : raw) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

// "file_bytes" -> "file bytes"
std::string spoken(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return escaped(key);
}

// 1000, 31.25, 0.27: no zeros that say nothing
std::string number_text(double v, int digits = 5) {
  if (v == std::floor(v) && std::fabs(v) < 1e15) return text(static_cast<int64_t>(v));
  std::string s = significant(v, digits);
  if (s.find('.') == std::string::npos || s.find('e') != std::string::npos) return s;
  s.erase(s.find_last_not_of('0') + 1);
  if (s.back() == '.') s.pop_back();
  return s;
}

std::string cell(const Json& v) {
  if (v.is_number()) return text("<td class=n>", number_text(v.get<double>()), "</td>");
  if (v.is_boolean()) return v.get<bool>() ? "<td class=yes>yes</td>" : "<td class=no>no</td>";
  if (v.is_null()) return "<td></td>";
  return text("<td class=w>", escaped(v.is_string() ? v.get<std::string>() : dump(v)), "</td>");
}

bool is_table(const Json& v) {
  return v.is_array() && !v.empty() && std::all_of(v.begin(), v.end(), [](const Json& row) { return row.is_object(); });
}

// Leaves of nested objects with dotted names, in order.
void flatten(const Json& j, const std::string& path, std::vector<std::pair<std::string, Json>>& out) {
  for (const auto& [key, v] : j.items()) {
    std::string name = path.empty() ? key : text(path, ".", key);
    if (v.is_object()) flatten(v, name, out);
    else if (!is_table(v)) out.emplace_back(name, v);
  }
}

std::string scalars(const Json& j) {
  std::vector<std::pair<std::string, Json>> leaves;
  flatten(j, "", leaves);
  if (leaves.empty()) return "";
  std::string out = "<table>\n";
  for (const auto& [name, v] : leaves) out += text("<tr><th>", spoken(name), "</th>", cell(v), "</tr>\n");
  return out + "</table>\n";
}

std::string ratio_cell(const Json* a, const Json* b) {
  if (!a || !b || !a->is_number() || !b->is_number() || a->get<double>() == 0) return "<td></td><td></td>";
  double ratio = b->get<double>() / a->get<double>(), width = std::min(100.0, 50 * std::fabs(ratio));
  return text("<td class=n>", number_text(ratio, 3), "</td><td><span class=bar style=\"width:", fixed(width, 0), "px\"></span></td>");
}

// Both models' figures in two columns, with the ratio of the second to the first (the bar: 50 pixels are 1).
std::string both(const Json& a, const Json& b, const char* a_head, const char* b_head) {
  std::vector<std::pair<std::string, Json>> left, right;
  flatten(a, "", left);
  flatten(b, "", right);
  auto find = [](const auto& list, const std::string& name) -> const Json* {
    auto it = std::find_if(list.begin(), list.end(), [&](const auto& leaf) { return leaf.first == name; });
    return it == list.end() ? nullptr : &it->second;
  };
  for (const auto& [name, v] : right)
    if (!find(left, name)) left.emplace_back(name, nullptr);
  std::string out =
      text("<h2>Models</h2>\n<table>\n<tr><th></th><th class=n>", a_head, "</th><th class=n>", b_head, "</th><th class=n>ratio</th><th></th></tr>\n");
  for (const auto& [name, v] : left) {
    const Json* other = find(right, name);
    out += text("<tr><th>", spoken(name), "</th>", cell(v), other ? cell(*other) : "<td></td>", ratio_cell(&v, other), "</tr>\n");
  }
  return out + "</table>\n";
}

std::string table(const std::string& title, const Json& rows) {
  std::vector<std::string> heads;
  double worst = 0;  // the longest bar
  for (const Json& row : rows) {
    for (const auto& [key, v] : row.items())
      if (std::find(heads.begin(), heads.end(), key) == heads.end()) heads.push_back(key);
    if (row.contains("snr_db") && row["snr_db"].is_number()) worst = std::max(worst, row["snr_db"].get<double>());
  }
  std::string out = text("<h2>", spoken(title), " (", rows.size(), ")</h2>\n<table>\n<tr>");
  for (const std::string& h : heads) out += text("<th>", spoken(h), "</th>", h == "snr_db" ? "<th></th>" : "");
  out += "</tr>\n";
  for (const Json& row : rows) {
    out += "<tr>";
    for (const std::string& h : heads) {
      const Json v = row.contains(h) ? row[h] : Json();
      out += cell(v);
      if (h != "snr_db") continue;
      double width = v.is_number() && worst > 0 ? std::max(0.0, 120 * v.get<double>() / worst) : 0;
      out += text("<td><span class=bar style=\"width:", fixed(width, 0), "px\"></span></td>");
    }
    out += "</tr>\n";
  }
  return out + "</table>\n";
}

const char* title_of(const Json& j) {
  if (j.contains("quantized")) return "Quantization";
  if (j.contains("a") && j.contains("b")) return "Comparison";
  if (j.contains("median_ms")) return "Benchmark";
  if (j.contains("metric")) return "Evaluation";
  return "Report";
}

}  // namespace

std::string html(const Report& report) {
  Json j = Json::parse(report.json);
  const char* title = title_of(j);
  std::string out =
      text("<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>libmo: ", title,
           "</title><style>", k_style, "</style></head><body>\n<h1>", title, "</h1>\n");
  if (j.contains("gates") && !j["gates"].empty())
    out += report.passed ? "<p class=yes>Every gate was met.</p>\n" : "<p class=no>A gate was not met.</p>\n";
  for (const auto& [first, second] : {std::pair("input", "output"), std::pair("a", "b")}) {
    if (!j.contains(first) || !j.contains(second) || !j[first].is_object() || !j[second].is_object()) continue;
    bool change = std::string_view(first) == "input";
    out += both(j[first], j[second], change ? "before" : "first", change ? "after" : "second");
    j.erase(first);
    j.erase(second);
  }
  out += text("<h2>Facts</h2>\n", scalars(j));
  for (const auto& [key, v] : j.items())
    if (is_table(v)) out += table(key, v);
  out += text("<h2>As text</h2>\n<pre>", escaped(report.text), "</pre>\n<details><summary>JSON</summary><pre>", escaped(report.json),
              "</pre></details>\n</body></html>\n");
  return out;
}

}  // namespace mo::report
