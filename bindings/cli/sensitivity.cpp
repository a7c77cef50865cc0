// mo sensitivity: what quantizing each node or block alone does to the outputs.
#include "calibrate.h"
#include "command.h"

namespace cli {

namespace {

class Sensitivity : public Command {
 public:
  explicit Sensitivity(CLI::App& app) {
    add_model(app);
    add_data(app, true);
    test_.add(app);
    add_json(app);
    flags_.add(app, {"sensitivity", "quantize", "dataset", "calibration", "load"});
  }
  Status run() override {
    auto options = flags_.options("sensitivity"), quantize_options = flags_.options("quantize"), calibration_options = flags_.options("calibration");
    flags_.options("load"), flags_.options("dataset");
    auto model = load(model_path_);
    Uninterrupted whole;
    auto calibration =
        make<mo_calibration>(model_path_, [&](mo_calibration** out) { return mo_calibration_create(model.get(), calibration_options.get(), out); });
    auto data = open_data(data_path_);
    feed_calibration(calibration.get(), data.get(), data_path_, model_path_);
    Own<mo_dataset> test = test_.open();
    mo_dataset* judged = test ? test.get() : data.get();
    check(mo_dataset_rewind(judged), data_path_);
    auto report = make<mo_report>(model_path_, [&](mo_report** out) {
      return mo_sensitivity(model.get(), calibration.get(), judged, nullptr, nullptr, quantize_options.get(), options.get(), control(), out);
    });
    clear_progress();
    return print_report(report.get());
  }

 private:
  TestData test_;
};

}  // namespace

std::unique_ptr<Command> make_sensitivity(CLI::App& app) { return std::make_unique<Sensitivity>(app); }

}  // namespace cli
