// mo_report's accessors.
#include "api/report.h"

using mo::api::valid_or_null;

const char* mo_report_json(const mo_report* report) {
  const mo_report* r = valid_or_null(report);
  return r ? r->report.json.c_str() : "";
}

const char* mo_report_text(const mo_report* report) {
  const mo_report* r = valid_or_null(report);
  return r ? r->report.text.c_str() : "";
}

int32_t mo_report_passed(const mo_report* report) {
  const mo_report* r = valid_or_null(report);
  return r && r->report.passed ? 1 : 0;
}

void mo_report_free(mo_report* report) { mo::api::release(report); }
