// mo compare: two models side by side.
#include "command.h"

namespace cli {

namespace {

class Compare : public Command {
 public:
  explicit Compare(CLI::App& app) {
    app.add_option("first", model_path_, "ONNX file of the reference")->required()->option_text("A");
    app.add_option("second", second_, "ONNX file to set beside it")->required()->option_text("B");
    add_data(app, false);
    add_json(app);
    add_html(app);
    flags_.add(app, {"compare", "dataset", "load"});
  }
  Status run() override {
    auto options = flags_.options("compare");
    flags_.options("dataset");
    auto first = load(model_path_), second = load(second_);
    Own<mo_dataset> dataset;
    if (!data_path_.empty()) dataset = open_data(data_path_);
    Uninterrupted whole;
    auto report =
        make<mo_report>("", [&](mo_report** out) { return mo_compare(first.get(), second.get(), dataset.get(), options.get(), control(), out); });
    return print_report(report.get());
  }

 private:
  std::string second_;
};

}  // namespace

std::unique_ptr<Command> make_compare(CLI::App& app) { return std::make_unique<Compare>(app); }

}  // namespace cli
