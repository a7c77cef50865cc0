// mo quantize: calibrate on data, quantize, save, report.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "calibrate.h"
#include "command.h"
#include "format.h"

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

class Quantize : public Command {
 public:
  explicit Quantize(CLI::App& app) {
    add_model(app);
    app.add_option("--output", output_, "File to write the quantized model to")->required()->option_text("OUT");
    add_data(app, false);
    app.add_option("--statistics", statistics_in_, "File of calibration statistics to use instead of data, or to add to")->option_text("FILE");
    app.add_option("--save-statistics", statistics_out_, "File to write the calibration statistics to")->option_text("FILE");
    app.add_option("--report", report_, "File to write the report to, as JSON")->option_text("FILE");
    add_json(app);
    add_html(app);
    test_.add(app);
    flags_.add(app, {"quantize", "goal", "dataset", "calibration", "save", "load"});
  }

  Status run() override {
    // every option is checked before any work begins
    auto quantize_options = flags_.options("quantize"), save_options = flags_.options("save");
    flags_.options("load"), flags_.options("dataset"), flags_.options("calibration");
    auto goal_options = flags_.options("goal");
    auto model = load(model_path_);
    Uninterrupted whole;
    Own<mo_calibration> calibration = calibrate(model.get());
    mo_model* made = nullptr;
    mo_report* report = nullptr;
    Own<mo_dataset> test = test_.open();
    bool search = test || std::any_of(std::begin(k_goals), std::end(k_goals), [&](const char* key) { return flags_.given(key); });
    mo_error* error = search ? mo_quantize_to_goal(model.get(), calibration.get(), test.get(), nullptr, nullptr, quantize_options.get(),
                                                   goal_options.get(), control(), &made, &report)
                             : mo_quantize(model.get(), calibration.get(), quantize_options.get(), control(), &made, &report);
    Own<mo_model> quantized(made);
    Own<mo_report> owned_report(report);
    clear_progress();
    check(error, model_path_);
    check(mo_model_save(quantized.get(), output_.c_str(), save_options.get()), output_);
    Json j = Json::parse(mo_report_json(report));
    j["output_file"] = output_;
    if (!report_.empty()) write_file(report_, j.dump(2));
    write_html(report);
    print(json_ ? j.dump(2) : std::string(mo_report_text(report)) + "wrote " + output_ + "\n");
    return mo_report_passed(report) ? k_ok : k_gate;
  }

 private:
  // Any of these, or data to judge on, makes it a search.
  static constexpr const char* k_goals[] = {"max_drop", "max_size_ratio", "max_bytes", "max_latency_ratio", "max_ms", "precisions", "keep_slower"};

  Own<mo_calibration> calibrate(const mo_model* model) {
    if (data_path_.empty() && statistics_in_.empty()) return nullptr;
    auto options = flags_.options("calibration");
    Own<mo_calibration> calibration;
    if (!statistics_in_.empty())
      calibration =
          make<mo_calibration>(statistics_in_, [&](mo_calibration** out) { return mo_calibration_load(statistics_in_.c_str(), model, out); });
    else calibration = make<mo_calibration>(model_path_, [&](mo_calibration** out) { return mo_calibration_create(model, options.get(), out); });
    if (!data_path_.empty()) feed_calibration(calibration.get(), open_data(data_path_, flags_.text("num_samples")).get(), data_path_, model_path_);
    if (!statistics_out_.empty()) check(mo_calibration_save(calibration.get(), statistics_out_.c_str()), statistics_out_);
    return calibration;
  }

  std::string output_, statistics_in_, statistics_out_, report_;
  TestData test_;
};

}  // namespace

std::unique_ptr<Command> make_quantize(CLI::App& app) { return std::make_unique<Quantize>(app); }

}  // namespace cli
