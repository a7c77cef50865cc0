// Origin bookkeeping in node metadata.
#include "passes/origin.h"

#include <algorithm>

namespace mo::passes {

namespace {
constexpr const char* k_key = "mo.origin";

void add(graph::Node& node, const std::string& name) {
  if (name.empty()) return;
  std::pair<std::string, std::string> entry{k_key, name};
  if (std::find(node.metadata.begin(), node.metadata.end(), entry) == node.metadata.end()) node.metadata.push_back(std::move(entry));
}
}  // namespace

void add_origin(graph::Node& node, const graph::Node& from) {
  std::vector<std::string> names = origins(from);
  if (names.empty()) names.push_back(from.name);
  for (const std::string& name : names) add(node, name);
}

std::vector<std::string> origins(const graph::Node& node) {
  std::vector<std::string> names;
  for (const auto& [key, name] : node.metadata)
    if (key == k_key) names.push_back(name);
  return names;
}

}  // namespace mo::passes
