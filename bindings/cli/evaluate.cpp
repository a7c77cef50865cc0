// mo evaluate: a metric of a model on data.
#include "command.h"

namespace cli {

namespace {

class Evaluate : public Command {
 public:
  explicit Evaluate(CLI::App& app) {
    add_model(app);
    add_data(app, true);
    add_json(app);
    add_html(app);
    flags_.add(app, {"evaluate", "dataset", "load"});
  }
  Status run() override {
    auto options = flags_.options("evaluate");
    flags_.options("dataset");
    auto model = load(model_path_);
    auto dataset = open_data(data_path_);
    Uninterrupted whole;
    auto report =
        make<mo_report>(model_path_, [&](mo_report** out) { return mo_evaluate(model.get(), dataset.get(), options.get(), control(), out); });
    return print_report(report.get());
  }
};

}  // namespace

std::unique_ptr<Command> make_evaluate(CLI::App& app) { return std::make_unique<Evaluate>(app); }

}  // namespace cli
