// The processor quota that cgroups give, as a number of processors.
#pragma once
#include <string>
#include <vector>

namespace mo {

double quota_of(const std::vector<std::string>& folders);  // the least of all folders; 0 when none sets one

}  // namespace mo
