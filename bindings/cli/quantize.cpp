// mo quantize: calibrate on data, quantize, save, report.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

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
    flags_.add(app, {"quantize", "dataset", "calibration", "save", "load"});
  }

  Status run() override {
    // every option is checked before any work begins
    auto quantize_options = flags_.options("quantize"), save_options = flags_.options("save");
    flags_.options("load"), flags_.options("dataset"), flags_.options("calibration");
    auto model = load(model_path_);
    Uninterrupted whole;
    Own<mo_calibration> calibration = calibrate(model.get());
    mo_model* made = nullptr;
    mo_report* report = nullptr;
    mo_error* error = mo_quantize(model.get(), calibration.get(), quantize_options.get(), control(), &made, &report);
    Own<mo_model> quantized(made);
    Own<mo_report> owned_report(report);
    clear_progress();
    check(error, model_path_);
    check(mo_model_save(quantized.get(), output_.c_str(), save_options.get()), output_);
    Json j = Json::parse(mo_report_json(report));
    j["output_file"] = output_;
    if (!report_.empty()) write_report(j.dump(2));
    print(json_ ? j.dump(2) : std::string(mo_report_text(report)) + "wrote " + output_ + "\n");
    return k_ok;
  }

 private:
  Own<mo_calibration> calibrate(const mo_model* model) {
    if (data_path_.empty() && statistics_in_.empty()) return nullptr;
    auto options = flags_.options("calibration");
    Own<mo_calibration> calibration;
    if (!statistics_in_.empty())
      calibration = make<mo_calibration>(statistics_in_, [&](mo_calibration** out) { return mo_calibration_load(statistics_in_.c_str(), model, out); });
    else
      calibration = make<mo_calibration>(model_path_, [&](mo_calibration** out) { return mo_calibration_create(model, options.get(), out); });
    if (!data_path_.empty()) feed(calibration.get());
    if (!statistics_out_.empty()) check(mo_calibration_save(calibration.get(), statistics_out_.c_str()), statistics_out_);
    return calibration;
  }

  void feed(mo_calibration* calibration) {
    auto dataset = open_data(data_path_, flags_.text("num_samples"));
    int64_t total = 0;
    check(mo_dataset_count(dataset.get(), &total), data_path_);
    while (true) {
      auto inputs = make<mo_tensors>(data_path_, [&](mo_tensors** out) { return mo_dataset_next(dataset.get(), out, nullptr); });
      if (!inputs) break;
      check(mo_calibration_feed(calibration, inputs.get(), control()), model_path_);
      show_progress("calibrate", mo_calibration_count(calibration), total > 0 ? total : 0);
      if (interrupted()) throw Failure(k_interrupted, "interrupted");
    }
  }

  void write_report(const std::string& text) {
    std::string temporary = report_ + ".part";
    std::FILE* file = std::fopen(temporary.c_str(), "w");
    bool ok = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    ok = (!file || std::fclose(file) == 0) && ok;
    if (ok && std::rename(temporary.c_str(), report_.c_str()) == 0) return;
    unlink(temporary.c_str());
    throw Failure(k_failed, report_ + ": cannot be written");
  }

  std::string output_, statistics_in_, statistics_out_, report_;
};

}  // namespace

std::unique_ptr<Command> make_quantize(CLI::App& app) { return std::make_unique<Quantize>(app); }

}  // namespace cli
