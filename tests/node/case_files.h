// One exported node test: its model, inputs and expected outputs, read from the folder that tests/tools/node_tests.py writes.
#pragma once
#include <string>
#include <vector>

#include "tensor/datum.h"

namespace mo::node_tests {

struct Case {
  std::string name, folder;
  double rtol = 1e-3, atol = 1e-7;
  std::vector<Datum> inputs, outputs;
};

std::vector<std::string> case_names(const std::string& root);  // of cases.txt
Case read_case(const std::string& root, const std::string& name);

}  // namespace mo::node_tests
