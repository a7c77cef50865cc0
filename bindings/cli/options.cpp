// mo options: every option of an operation with type, default, range and help.
#include <nlohmann/json.hpp>

#include "command.h"
#include "format.h"

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& schema) {
  if (schema.contains("operations")) {
    std::vector<std::pair<std::string, std::string>> lines;
    for (const Json& o : schema["operations"]) lines.emplace_back(o["operation"], o["help"]);
    return pairs_text(lines);
  }
  std::string text = schema["help"].get<std::string>() + "\n";
  for (const Json& o : schema["options"]) {
    text += "\n" + o["key"].get<std::string>();
    if (o.contains("alias")) text += " (or " + o["alias"].get<std::string>() + ")";
    text += "  " + o["type"].get<std::string>();
    if (!o["default"].is_null() && !o["default"].empty()) text += ", default " + o["default"].dump();
    if (o.contains("minimum")) text += ", at least " + o["minimum"].dump();
    if (o.contains("maximum")) text += ", at most " + o["maximum"].dump();
    text += "\n    " + wrapped(o["help"], 96, 4) + "\n";
    if (!o.contains("choices")) continue;
    for (const Json& c : o["choices"]) {
      std::string help = c["help"];
      text += "      " + (c["value"].get<std::string>().empty() ? "\"\"" : c["value"].get<std::string>()) +
              (help.empty() ? "" : ": " + wrapped(help, 88, 8)) + "\n";
    }
  }
  return text;
}

class Options : public Command {
 public:
  explicit Options(CLI::App& app) {
    app.add_option("operation", operation_, "Operation; none: their list")->option_text("OPERATION");
    add_json(app);
  }
  Status run() override {
    mo_buffer* json = nullptr;
    mo_error* error = mo_options_describe_json(operation_.empty() ? nullptr : operation_.c_str(), &json);
    Own<mo_buffer> owner(json);
    check(error, "", k_usage);
    print(json_ ? mo_buffer_text(json) : text_of(Json::parse(mo_buffer_text(json))));
    return k_ok;
  }

 private:
  std::string operation_;
};

}  // namespace

std::unique_ptr<Command> make_options(CLI::App& app) { return std::make_unique<Options>(app); }

}  // namespace cli
