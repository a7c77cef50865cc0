// The table of two models side by side that comparison and quantization reports share.
#pragma once
#include <string>

#include "report/report.h"

namespace mo::report {

std::string side_by_side(const Side& a, const Side& b, const char* a_head, const char* b_head);
std::string gates_text(const std::vector<Gate>& gates);

}  // namespace mo::report
