// mo benchmark: latency, throughput and memory.
#include "command.h"

namespace cli {

namespace {

class Benchmark : public Command {
 public:
  explicit Benchmark(CLI::App& app) {
    add_model(app);
    app.add_option("--inputs", inputs_, ".npz file whose arrays are named like the model's inputs; none: random values")->option_text("IN.npz");
    add_json(app);
    add_html(app);
    flags_.add(app, {"benchmark", "load"});
  }
  Status run() override {
    auto options = flags_.options("benchmark");
    auto model = load(model_path_);
    Own<mo_tensors> inputs;
    if (!inputs_.empty()) inputs = make<mo_tensors>(inputs_, [&](mo_tensors** out) { return mo_tensors_load(inputs_.c_str(), 0, out); });
    Uninterrupted whole;
    auto report =
        make<mo_report>(model_path_, [&](mo_report** out) { return mo_benchmark(model.get(), inputs.get(), options.get(), control(), out); });
    return print_report(report.get());
  }

 private:
  std::string inputs_;
};

}  // namespace

std::unique_ptr<Command> make_benchmark(CLI::App& app) { return std::make_unique<Benchmark>(app); }

}  // namespace cli
