// Space: what a search may choose. The units of a model, the precisions that each may take, and the model that an assignment of them makes.
#pragma once
#include <string>
#include <vector>

#include "quantize/quantize.h"

namespace mo::search {

// What is decided as one: a node that the options quantize (not what only carries integers between such nodes), or a block of them.
struct Unit {
  std::string name;                  // of its first node
  std::vector<graph::NodeId> nodes;  // of Space::base(), in its order
  std::string ops;                   // "Conv", or "3 Conv, 1 MatMul" of a block
  int64_t weights = 0;               // elements of its constant weights
};

// Per unit an index into Space::precisions().
using Assignment = std::vector<int>;

struct SpaceOptions {
  // Beside fp32. The precision of the quantizer's options stands for its mode and all its wishes; others: int8 or int4 (weights, in that same mode),
  // int8_weights or int4_weights (activations in float), int8_dynamic, fp16, bf16. Empty: the options' own.
  std::vector<std::string> precisions;
  bool blocks = false;  // units are the runs of nodes between places where few values are alive (a residual block), else single nodes
};

class Space {
 public:
  // The calibration may be null for modes and precisions that need none; it must outlive the space.
  Space(const graph::Model& model, const quantize::Calibration* calibration, quantize::Options options, const SpaceOptions& space, Control* control);

  const graph::Model& base() const { return base_; }  // simplified, every node with a name: the float form
  const std::vector<Unit>& units() const { return units_; }
  const std::vector<std::string>& precisions() const { return precisions_; }  // [0] is fp32
  int index_of(const std::string& precision) const;                           // Code::invalid_argument
  Assignment all(int precision) const { return Assignment(units_.size(), precision); }

  // Nodes keep the names of base().
  quantize::Result build(const Assignment& assignment, Control* control) const { return build(base_, assignment, {}, control); }
  // The same from the model as it was given, without names that were only made up; reasons: per unit, for the scheme and the report.
  quantize::Result build_final(const Assignment& assignment, const std::vector<std::string>& reasons, Control* control) const {
    return build(model_, assignment, reasons, control);
  }
  double weight_bytes(size_t unit, int precision) const;

 private:
  void find_units(bool blocks, Control* control);
  quantize::NodeForm form(const graph::Node& node, const std::string& precision) const;
  quantize::Result build(const graph::Model& from, const Assignment& assignment, const std::vector<std::string>& reasons, Control* control) const;

  graph::Model model_, base_;
  const quantize::Calibration* calibration_;
  quantize::Options options_;
  std::vector<std::string> precisions_;
  std::vector<Unit> units_;
};

}  // namespace mo::search
