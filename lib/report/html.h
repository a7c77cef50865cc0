// A report as one HTML page that needs nothing else: no script, no network, the JSON inside it.
#pragma once
#include "report/report.h"

namespace mo::report {

std::string html(const Report& report);

}  // namespace mo::report
