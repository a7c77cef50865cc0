// A graph cut between products that depend on each other, run stage by stage: values that later stages read are held per sample, so that
// weights of one stage can be changed by what the stages before it give, and no value is computed twice.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "runtime/session.h"

namespace mo::quantize {

class Stages {
 public:
  // `products`: names of the nodes that end a stage; other names are ignored. What no product needs is not computed.
  Stages(graph::Graph graph, const std::set<std::string>& products, int threads);

  // Stage s makes what the products at depth s read; products at one depth do not read each other.
  int count() const { return static_cast<int>(products_.size()); }
  const std::vector<std::string>& products(int stage) const { return products_[static_cast<size_t>(stage)]; }
  const graph::Graph& graph() const { return graph_; }
  graph::NodeId find(const std::string& product) const { return by_name_.at(product); }

  // Puts float weights in the place of input `index` of a product whose stage has not run yet.
  void set_constant(const std::string& product, size_t index, Tensor contents);
  // `after`, broadcast, is added to the product's output from now on.
  void shift(const std::string& product, Tensor after);

  // Makes stage s, in order from 0; then run(held) turns the values held at stage s - 1 (the model's inputs at 0) into those held at s.
  void begin(int stage);
  void run(runtime::Named& held, Control* control) const;

 private:
  int depth(graph::NodeId id) const;  // stage in which a node runs
  graph::Graph graph_;
  std::map<std::string, graph::NodeId> by_name_;
  std::vector<std::vector<std::string>> products_;
  std::vector<int> depth_;  // by node
  std::set<std::string> kept_;
  std::unique_ptr<runtime::Session> session_;
  int threads_;
};

int64_t bytes_of(const runtime::Named& values);

}  // namespace mo::quantize
