// Space: what a search may choose. The units of a model, the precisions that each may take, and the model that an assignment of them makes.
#pragma once
#include <string>
#include <vector>

#include "quantize/quantize.h"

namespace mo::search {

// What is decided as one: a node that computes with constant weights, or a block of such nodes.
struct Unit {
  std::string name;                   // of its first node
  std::vector<graph::NodeId> nodes;   // of Space::base(), in its order
  std::string ops;                    // "Conv", or "3 Conv, 1 MatMul" of a block
  int64_t weights = 0;                // elements of its constant weights
};

// Per unit an index into Space::precisions().
using Assignment = std::vector<int>;

struct SpaceOptions {
  std::vector<std::string> precisions = {"int8"};  // beside fp32: int8, fp16, bf16
  bool blocks = false;  // units are the runs of nodes between places where few values are alive (a residual block), else single nodes
};

class Space {
 public:
  // The calibration may be null when int8 is not among the precisions; it must outlive the space.
  Space(const graph::Model& model, const quantize::Calibration* calibration, quantize::Options options, const SpaceOptions& space, Control* control);

  const graph::Model& base() const { return base_; }                           // simplified, every node with a name of its own: the float form
  const std::vector<Unit>& units() const { return units_; }
  const std::vector<std::string>& precisions() const { return precisions_; }   // [0] is fp32, then as asked for: cheapest last is not assumed
  int index_of(const std::string& precision) const;                            // into precisions(); Code::invalid_argument
  Assignment all(int precision) const { return Assignment(units_.size(), precision); }

  quantize::Result build(const Assignment& assignment, Control* control) const;
  double weight_bytes(size_t unit, int precision) const;
  std::string node_name(size_t unit) const { return units_[unit].name; }

 private:
  void find_units(bool blocks, Control* control);
  std::vector<std::string> names_with(const Assignment& assignment, int precision, bool equal) const;  // as patterns that match exactly one name

  graph::Model base_;
  const quantize::Calibration* calibration_;
  quantize::Options options_;
  std::vector<std::string> precisions_;
  std::vector<Unit> units_;
};

}  // namespace mo::search
