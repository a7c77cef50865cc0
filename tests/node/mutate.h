// Hostile versions of a node test: operands and attributes replaced by what no sane model holds. Whatever comes of it, nothing may crash.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "node/case_files.h"

namespace mo::node_tests {

struct Mutation {
  std::string what;
  std::function<void(graph::Model&, Case&)> apply;
};

// Every mutation of a case, in a fixed order.
std::vector<Mutation> mutations(const graph::Model& model, const Case& c);

// Applies mutation `index` and runs a session, the interpreter and inference. Empty when it gave a result or an Error; a description otherwise.
std::string run_mutation(const std::string& root, const std::string& name, size_t index);
std::string mutation_name(const std::string& root, const std::string& name, size_t index);
size_t mutation_count(const std::string& root, const std::string& name);

}  // namespace mo::node_tests
