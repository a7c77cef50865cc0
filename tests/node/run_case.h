// Runs one node test every way the library can: inference, interpreter, session.
#pragma once
#include <set>
#include <string>

namespace mo::node_tests {

struct Engines {
  bool interpreter = true, session = true;
};

// Empty when the case passes, else what went wrong. Throws nothing.
std::string run_case(const std::string& root, const std::string& name, const Engines& engines);

// "domain/op" of every node of the case's model, subgraphs included, in newest form.
std::set<std::string> operators_of(const std::string& root, const std::string& name);

}  // namespace mo::node_tests
