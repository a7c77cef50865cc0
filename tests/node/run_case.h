// Runs one node test every way the library can: inference, interpreter, session.
#pragma once
#include <string>

namespace mo::node_tests {

struct Engines {
  bool interpreter = true, session = true;
};

// Empty when the case passes, else what went wrong. Throws nothing.
std::string run_case(const std::string& root, const std::string& name, const Engines& engines);

}  // namespace mo::node_tests
