// Include and exclude lists: node names, patterns, operators.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace mo::quantize {

// One list entry: "op:Conv" means an operator; anything else is compared with the node's name, first literally, then as an RE2
// pattern that must match the whole name. Code::invalid_argument for a pattern that does not compile.
class NodeSelector {
 public:
  NodeSelector(const std::vector<std::string>& include, const std::vector<std::string>& exclude, const std::vector<std::string>& op_types);
  ~NodeSelector();
  // Empty when the node may be quantized, else the reason.
  std::string refuse(const graph::Node& node) const;
  // Entries of include and exclude that matched no node asked about so far: probably typing errors.
  std::vector<std::string> unused() const;

 private:
  struct Entry;
  std::vector<std::unique_ptr<Entry>> include_, exclude_;
  std::vector<std::string> op_types_;
};

}  // namespace mo::quantize
