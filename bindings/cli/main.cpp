// mo, the command line: a binding over mo.h like any other. Results on standard output, everything else on standard error.
#include <cstdio>

#include "command.h"

namespace {

constexpr cli::CommandDef k_commands[] = {
    {"describe", "Inputs, outputs, operators, parameters, multiply-adds, bytes by type", cli::make_describe},
    {"run", "Run once on the arrays of an .npz file", cli::make_run},
    {"explain", "Which kernel runs each node, and why not a faster one", cli::make_explain},
    {"quantize", "Make a model of lower precision, calibrated on data", cli::make_quantize},
    {"sensitivity", "Measure what quantizing each node or block alone does to the outputs", cli::make_sensitivity},
    {"evaluate", "Measure a metric on data", cli::make_evaluate},
    {"benchmark", "Measure latency, throughput and memory", cli::make_benchmark},
    {"profile", "Measure each step: kernel, time, arithmetic and memory rates", cli::make_profile},
    {"compare", "Set two models side by side: accuracy, size, latency, memory, error per node", cli::make_compare},
    {"options", "Every option of an operation: type, default, range, help", cli::make_options},
};

int fail(cli::Status status, const char* message) {
  cli::clear_progress();
  std::fprintf(stderr, "mo: %s\n", message);
  return status;
}

int run(int argc, char** argv) {
  CLI::App app("libmo " + std::string(mo_version()) + ": makes ONNX models smaller and faster, and proves it", "mo");
  app.set_version_flag("--version", std::string("mo ") + mo_version());
  app.require_subcommand(1);
  std::unique_ptr<cli::Command> chosen;
  std::unique_ptr<cli::Command> commands[std::size(k_commands)];
  for (size_t i = 0; i < std::size(k_commands); ++i) {
    CLI::App* sub = app.add_subcommand(k_commands[i].name, k_commands[i].help);
    commands[i] = k_commands[i].make(*sub);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    bool asked = e.get_exit_code() == 0;  // --help, --version
    app.exit(e);
    return asked ? cli::k_ok : cli::k_usage;
  }
  cli::catch_signals();
  for (size_t i = 0; i < std::size(k_commands); ++i)
    if (app.got_subcommand(k_commands[i].name)) return commands[i]->run();
  return cli::k_usage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (mo_abi_version() != MO_ABI_VERSION) return fail(cli::k_failed, "libmo.so has another binary interface than this program");
    return run(argc, argv);
  } catch (const cli::Failure& e) { return fail(e.status, e.what()); } catch (const std::exception& e) {
    return fail(cli::k_failed, e.what());
  }
}
