// mo describe: inputs, outputs, operators, parameters, multiply-adds, bytes by type.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "command.h"
#include "format.h"

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

std::string type_text(const Json& port) {
  if (port.contains("type")) return port["type"];
  std::string text = port["dtype"];
  if (port["shape"].is_null()) return text + " of any shape";
  std::string dims;
  for (const Json& d : port["shape"])
    dims += (dims.empty() ? "" : ", ") + (d.is_null() ? std::string("?") : d.is_string() ? d.get<std::string>() : d.dump());
  return text + "[" + dims + "]" + (port.value("optional", false) ? " optional" : "");
}

std::string text_of(const Json& j) {
  std::vector<std::pair<std::string, std::string>> lines;
  if (!j["name"].get<std::string>().empty()) lines.emplace_back("name", j["name"]);
  if (!j["producer"].get<std::string>().empty()) lines.emplace_back("producer", j["producer"]);
  std::string opsets;
  for (const auto& [domain, version] : j["opsets"].items()) opsets += (opsets.empty() ? "" : ", ") + domain + " " + version.dump();
  lines.emplace_back("opset", opsets + " (IR " + j["ir_version"].dump() + ")");
  for (const Json& p : j["inputs"]) lines.emplace_back("input", p["name"].get<std::string>() + "  " + type_text(p));
  for (const Json& p : j["outputs"]) lines.emplace_back("output", p["name"].get<std::string>() + "  " + type_text(p));
  lines.emplace_back("parameters", count_text(j["parameters"].get<double>()));
  std::string dtypes;
  for (const auto& [name, bytes] : j["bytes_by_dtype"].items())
    dtypes += (dtypes.empty() ? "  (" : ", ") + name + " " + bytes_text(bytes.get<double>());
  lines.emplace_back("weights", bytes_text(j["parameter_bytes"].get<double>()) + dtypes + (dtypes.empty() ? "" : ")"));
  std::string macs = count_text(j["macs"].get<double>());
  if (!j["macs_free_axes"].empty()) {
    macs += "  with";
    for (const Json& axis : j["macs_free_axes"]) macs += " " + axis.get<std::string>() + " = 1";
  }
  if (j["macs_unknown_nodes"].get<int64_t>() > 0) macs += "  without " + j["macs_unknown_nodes"].dump() + " nodes whose shapes are not known";
  lines.emplace_back("multiply-adds", macs);
  std::string nodes = j["nodes"].dump();
  if (j["quantized_nodes"].get<int64_t>() > 0) nodes += ", " + j["quantized_nodes"].dump() + " of them quantized";
  lines.emplace_back("nodes", nodes);
  std::vector<std::pair<int64_t, std::string>> ops;
  for (const auto& [name, n] : j["operators"].items()) ops.emplace_back(-n.get<int64_t>(), name);
  std::sort(ops.begin(), ops.end());
  for (const auto& [n, name] : ops) lines.emplace_back("", std::to_string(-n) + " " + name);
  for (const auto& [key, value] : j["metadata"].items()) lines.emplace_back("metadata", key + " = " + value.get<std::string>());
  lines.emplace_back("digest", j["digest"]);
  return pairs_text(lines);
}

class Describe : public Command {
 public:
  explicit Describe(CLI::App& app) {
    add_model(app);
    add_json(app);
    flags_.add(app, {"load"});
  }
  Status run() override {
    auto model = load(model_path_);
    auto json = make<mo_buffer>(model_path_, [&](mo_buffer** out) { return mo_model_describe_json(model.get(), out); });
    print(json_ ? mo_buffer_text(json.get()) : text_of(Json::parse(mo_buffer_text(json.get()))));
    return k_ok;
  }
};

}  // namespace

std::unique_ptr<Command> make_describe(CLI::App& app) { return std::make_unique<Describe>(app); }

}  // namespace cli
