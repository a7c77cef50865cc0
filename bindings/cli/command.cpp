// What the subcommands share: loading a model, opening data, printing a report.
#include "command.h"

namespace cli {

Own<mo_model> Command::load(const std::string& path) const {
  auto options = flags_.options("load");
  return make<mo_model>(path, [&](mo_model** out) { return mo_model_load(path.c_str(), options.get(), out); });
}

Own<mo_dataset> Command::open_data(const std::string& path, const std::string& samples) const {
  auto options = flags_.options("dataset");
  if (!samples.empty() && !flags_.given("samples")) check(mo_options_set_string(options.get(), "samples", samples.c_str()), "", k_usage);
  return make<mo_dataset>(path, [&](mo_dataset** out) { return mo_dataset_open(path.c_str(), options.get(), out); });
}

void Command::write_html(const mo_report* report) const {
  if (html_.empty()) return;
  auto page = make<mo_buffer>(html_, [&](mo_buffer** out) { return mo_report_html(report, out); });
  write_file(html_, mo_buffer_text(page.get()));
}

Status Command::print_report(const mo_report* report) const {
  write_html(report);
  print(json_ ? mo_report_json(report) : mo_report_text(report));
  return mo_report_passed(report) ? k_ok : k_gate;
}

}  // namespace cli
