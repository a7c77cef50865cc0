// mo profile: where the time goes, step by step.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "command.h"
#include "format.h"

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

std::string number(double value) {
  if (!std::isfinite(value) || value == 0) return "";
  char text[32];
  std::snprintf(text, sizeof text, value >= 99.95 ? "%.0f" : value >= 9.995 ? "%.1f" : "%.2f", value);
  return text;
}

// What bench's mo_peak wrote: multiply-accumulates a second by arithmetic, and the speed of reading memory.
Json read_peak(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  Json peak = Json::parse(text.str(), nullptr, false);
  if (!in || !peak.is_object() || !peak.contains("gmacs") || !peak["gmacs"].is_object())
    throw Failure(k_failed, path + ": not a file that mo_peak wrote");
  return peak;
}

// Adds to each step what part of the peak its products reach, and its memory traffic of the reading speed.
void add_shares(Json& profile, const Json& peak) {
  for (Json& s : profile["steps"]) {
    const double us = s.value("min_us", 0.0);
    if (us <= 0) continue;
    const double calls = static_cast<double>(s.value("calls", 0)) / static_cast<double>(std::max<int64_t>(profile.value("runs", int64_t{1}), 1));
    if (s.contains("arithmetic"))
      if (const double top = peak["gmacs"].value(s["arithmetic"].get<std::string>(), 0.0); top > 0)
        s["peak_share"] = calls * s["macs"].get<double>() / us / 1e3 / top;
    if (const double read = peak.value("read_gbytes_per_s", 0.0); read > 0 && s.contains("gbytes_per_s"))
      s["memory_share"] = s["gbytes_per_s"].get<double>() / read;
  }
}

// Columns with right-aligned numbers; the last ones are text.
class Grid {
 public:
  explicit Grid(std::vector<std::string> head, size_t numbers) : numbers_(numbers) { add(std::move(head)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const {
    std::vector<size_t> width;
    for (const auto& row : rows_)
      for (size_t i = 0; i < row.size(); ++i) {
        width.resize(std::max(width.size(), row.size()));
        width[i] = std::max(width[i], row[i].size());
      }
    std::string out;
    for (const auto& row : rows_) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) {
        const std::string space(width[i] - row[i].size(), ' ');
        line += (i ? "  " : "") + (i < numbers_ ? space + row[i] : row[i] + space);
      }
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  }

 private:
  size_t numbers_;
  std::vector<std::vector<std::string>> rows_;
};

std::string text_of(const Json& profile) {
  const double runs = std::max(1.0, profile["runs"].get<double>());
  Grid steps({"min us", "median", "%", "GFLOP/s", "% of peak", "GB/s", "MB", "operator", "kernel", "node"}, 7);
  struct Sum {
    double us = 0, share = 0;
    int64_t steps = 0;
  };
  std::map<std::string, Sum> kinds;
  double timed = 0;
  for (const Json& s : profile["steps"]) {
    if (!s.contains("calls")) continue;
    const double bytes = s.value("bytes", 0.0), share = 100 * s.value("share", 0.0);
    std::string node = s["node"];
    if (s.contains("where")) node += " [" + s["where"].get<std::string>() + "]";
    std::string kernel = s["kernel"];
    if (s.contains("arithmetic")) kernel += " " + s["arithmetic"].get<std::string>();
    steps.add({number(s["min_us"]), number(s["median_us"]), number(share), number(s.value("gflops", 0.0)), number(100 * s.value("peak_share", 0.0)),
               number(s.value("gbytes_per_s", 0.0)), number(bytes / 1e6), s["op"], kernel, node});
    Sum& sum = kinds[s["op"].get<std::string>() + "  " + kernel];
    sum.us += s["total_us"].get<double>() / runs;
    sum.share += share;
    sum.steps += 1;
    timed += share;
  }
  std::vector<std::pair<std::string, Sum>> order(kinds.begin(), kinds.end());
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second.us > b.second.us; });
  Grid sums({"mean us", "%", "steps", "operator and kernel"}, 3);
  for (const auto& [name, sum] : order) sums.add({number(sum.us), number(sum.share), std::to_string(sum.steps), name});
  sums.add({"", number(100 - timed), "", "between the steps"});
  return steps.text() + "\n" + sums.text() + "\n" +
         pairs_text({{"one run", number(profile["run_min_us"]) + " us fastest, " + number(profile["run_median_us"]) + " us median"},
                     {"multiply-adds", count_text(profile.value("macs", 0.0))},
                     {"runs", profile["runs"].dump()},
                     {"threads", profile["threads"].dump()}});
}

class Profile : public Command {
 public:
  explicit Profile(CLI::App& app) {
    add_model(app);
    app.add_option("--inputs", inputs_, ".npz file whose arrays are named like the model's inputs; none: random values")->option_text("IN.npz");
    app.add_option("--runs", runs_, "Runs to time [30]")->check(CLI::Range(1, 1000000))->option_text("INT");
    app.add_option("--peak", peak_, "File that bench's mo_peak wrote: adds the share of this machine's peak")->option_text("FILE");
    add_json(app);
    flags_.add(app, {"load", "session"}, {"session.prepare"});
  }

  Status run() override {
    const Json peak = peak_.empty() ? Json() : read_peak(peak_);
    auto options = flags_.options("session");
    if (!flags_.given("threads")) check(mo_options_set_int(options.get(), "threads", 1));
    auto model = load(model_path_);
    Own<mo_tensors> inputs;
    if (!inputs_.empty()) inputs = make<mo_tensors>(inputs_, [&](mo_tensors** out) { return mo_tensors_load(inputs_.c_str(), 0, out); });
    auto session = make<mo_session>(model_path_, [&](mo_session** out) { return mo_session_create(model.get(), options.get(), out); });
    auto profile = [&](int runs) {
      return make<mo_buffer>(model_path_, [&](mo_buffer** out) { return mo_session_profile_json(session.get(), inputs.get(), runs, out); });
    };
    profile(2);  // pages and caches are met
    Json json = Json::parse(mo_buffer_text(profile(runs_).get()));
    if (!peak.is_null()) add_shares(json, peak);
    print(json_ ? json.dump(2) : text_of(json));
    return k_ok;
  }

 private:
  std::string inputs_, peak_;
  int runs_ = 30;
};

}  // namespace

std::unique_ptr<Command> make_profile(CLI::App& app) { return std::make_unique<Profile>(app); }

}  // namespace cli
