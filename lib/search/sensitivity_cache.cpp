// The cache as JSON: {"format", "key", "rows": {name: [snr_db, cosine, kl, metric_drop, harm]}}; numbers that JSON lacks are texts.
#include "search/sensitivity_cache.h"

#include <sys/stat.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/log.h"

namespace mo::search {

namespace {

using Json = nlohmann::json;
constexpr const char* k_format = "libmo sensitivity 1";

Json number(double v) { return std::isnan(v) ? Json("nan") : std::isinf(v) ? Json(v > 0 ? "inf" : "-inf") : Json(v); }
double number(const Json& j) {
  if (j.is_number()) return j.get<double>();
  std::string s = j.get<std::string>();
  double infinity = std::numeric_limits<double>::infinity();
  return s == "inf" ? infinity : s == "-inf" ? -infinity : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

SensitivityCache::SensitivityCache(std::string path, std::string key) : path_(std::move(path)), key_(std::move(key)) {
  struct stat ignored;
  if (path_.empty() || stat(path_.c_str(), &ignored) != 0) return;
  std::vector<char> bytes = read_file(path_, int64_t{1} << 28);
  try {
    Json j = Json::parse(bytes.begin(), bytes.end());
    require(j.at("format") == k_format, Code::format, path_, ": not a file of sensitivities");
    if (j.at("key") != key_) return;
    for (const auto& [name, row] : j.at("rows").items())
      rows_[name] = {0, 0, number(row.at(0)), number(row.at(1)), number(row.at(2)), number(row.at(3)), number(row.at(4))};
  } catch (const Json::exception&) { fail(Code::format, path_, ": not a file of sensitivities"); }
}

SensitivityCache::~SensitivityCache() {
  if (path_.empty() || !changed_) return;
  try {
    Json rows = Json::object();
    for (const auto& [name, r] : rows_) rows[name] = {number(r.snr_db), number(r.cosine), number(r.kl), number(r.metric_drop), number(r.harm)};
    write_file(path_, Json{{"format", k_format}, {"key", key_}, {"rows", rows}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  } catch (const std::exception& e) { log(LogLevel::warning, path_, ": cannot be written: ", e.what()); }
}

bool SensitivityCache::find(const std::string& name, Sensitivity& row) const {
  auto it = rows_.find(name);
  if (it == rows_.end()) return false;
  size_t unit = row.unit;
  int precision = row.precision;
  row = it->second;
  row.unit = unit, row.precision = precision;
  return true;
}

void SensitivityCache::add(const std::string& name, const Sensitivity& row) {
  if (path_.empty()) return;
  rows_[name] = row;
  changed_ = true;
}

}  // namespace mo::search
