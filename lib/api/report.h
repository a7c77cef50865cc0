// mo_report: a finished report, rendered once.
#pragma once
#include "api/handle.h"
#include "report/report.h"

struct mo_report : mo::api::Handle<0x6d6f7265> {
  explicit mo_report(mo::report::Report r) : report(std::move(r)) {}
  const mo::report::Report report;
};
