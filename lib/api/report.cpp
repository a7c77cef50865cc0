// mo_report's accessors.
#include "api/report.h"

#include "api/buffer.h"
#include "api/guard.h"
#include "report/html.h"

using namespace mo::api;

const char* mo_report_json(const mo_report* report) {
  const mo_report* r = valid_or_null(report);
  return r ? r->report.json.c_str() : "";
}

const char* mo_report_text(const mo_report* report) {
  const mo_report* r = valid_or_null(report);
  return r ? r->report.text.c_str() : "";
}

mo_error* mo_report_html(const mo_report* report, mo_buffer** out) {
  return guard([&] {
    mo_buffer*& result = output(out, "out");
    result = buffer(mo::report::html(checked(report, "report").report));
  });
}

int32_t mo_report_passed(const mo_report* report) {
  const mo_report* r = valid_or_null(report);
  return r && r->report.passed ? 1 : 0;
}

void mo_report_free(mo_report* report) { release(report); }
