// Choices of kernels, kept from one plan of a blueprint to the next.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "kernels/kernel.h"
#include "plan/report.h"

namespace mo::plan {

// How one node runs, and what that was decided by.
struct Choice {
  uint64_t stamp = 0;                                 // Blueprint::stamp of the node
  int plan_team = 1;                                  // threads that steps of the plan may use
  std::vector<kernels::Layout> present;               // in which its inputs are found
  std::vector<kernels::Layout> in, out;               // in which the kernel wants them
  std::shared_ptr<const kernels::Prepared> prepared;  // null: the result is the input's memory
  std::shared_ptr<const StepReport> report;
  std::shared_ptr<const StepOwner> owner;
  int threads = 1;
  bool brief = false;
};
using Choices = std::vector<std::optional<Choice>>;  // by node of the blueprint

}  // namespace mo::plan
