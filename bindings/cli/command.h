// A subcommand: declares its arguments once, then runs.
#pragma once
#include <memory>
#include <string>

#include "flags.h"
#include "terminal.h"

namespace cli {

class Command {
 public:
  virtual ~Command() = default;
  virtual Status run() = 0;

 protected:
  // The arguments nearly every command has.
  void add_model(CLI::App& app) { app.add_option("model", model_path_, "ONNX file")->required()->option_text("MODEL"); }
  void add_data(CLI::App& app, bool required) {
    auto* option = app.add_option("--data", data_path_, "Data set: .npz, .npy, a folder of samples, or a data set .yaml")->option_text("DATA");
    if (required) option->required();
  }
  void add_json(CLI::App& app) { app.add_flag("--json", json_, "Print JSON and nothing else"); }
  void add_html(CLI::App& app) { app.add_option("--html", html_, "File to write the report to, as an HTML page")->option_text("FILE"); }

  Own<mo_model> load(const std::string& path) const;
  // `samples`, when not empty, stands in for an absent --samples.
  Own<mo_dataset> open_data(const std::string& path, const std::string& samples = "") const;
  Status print_report(const mo_report* report) const;  // also writes --html; k_gate when a gate was not met
  void write_html(const mo_report* report) const;

  Flags flags_;
  std::string model_path_, data_path_, html_;
  bool json_ = false;
};

struct CommandDef {
  const char* name;
  const char* help;
  std::unique_ptr<Command> (*make)(CLI::App&);
};

std::unique_ptr<Command> make_describe(CLI::App&);
std::unique_ptr<Command> make_run(CLI::App&);
std::unique_ptr<Command> make_explain(CLI::App&);
std::unique_ptr<Command> make_profile(CLI::App&);
std::unique_ptr<Command> make_quantize(CLI::App&);
std::unique_ptr<Command> make_sensitivity(CLI::App&);
std::unique_ptr<Command> make_evaluate(CLI::App&);
std::unique_ptr<Command> make_benchmark(CLI::App&);
std::unique_ptr<Command> make_compare(CLI::App&);
std::unique_ptr<Command> make_options(CLI::App&);

}  // namespace cli
