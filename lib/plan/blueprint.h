// Blueprint: an optimised graph for all sizes of some axes. That of given sizes follows from it by inference, by folding the arithmetic of shapes, and by
// looking again at those places alone where passes acted on what depends on the sizes.
#pragma once
#include <memory>

#include "plan/cone.h"
#include "plan/open_sizes.h"
#include "plan/shared.h"

namespace mo::plan {

class Blueprint {
 public:
  // `source`: a Program's graph; those of its outputs behind the first `output_count` are observed only. Null where what the passes did with the stand-ins of `sizes`
  // cannot be followed node by node.
  static std::unique_ptr<Blueprint> make(const graph::Graph& source, size_t output_count, const OpenSizes& sizes, const Options& options);

  // The graph for these input types, as refine() leaves it but for nodes whose results are constants; good until the next call. Null where the passes would act in
  // another way on these sizes.
  const graph::Graph* draw(std::span<const graph::Type> types);

  const graph::Graph& graph() const { return graph_; }  // constants of the model that it holds stay as long as this object
  int folded() const { return folded_; }                // nodes computed at each drawing
  // Of a node in the present drawing: stays the same from drawing to drawing as long as its attributes and what it reads and makes do.
  uint64_t stamp(graph::NodeId id) const { return stamps_[static_cast<size_t>(id)]; }

 private:
  class Maker;

  // A node that took the place of several whose types or constants depend on the sizes.
  struct Place {
    int form;                            // index of the cone it comes from
    std::vector<graph::ValueId> leaves;  // of that cone, here
  };
  // What the passes made of a form, and what its leaves were then: layers of a network have the same.
  struct Seen {
    std::vector<graph::Type> types;
    std::vector<Tensor> constants;
    std::optional<graph::Graph> result;
  };

  bool visit(graph::NodeId id, bool all);
  bool fill(graph::NodeId id, const Place& place);
  const graph::Graph& result(const Place& place);

  Options options_;
  graph::Graph graph_;
  std::vector<Cone> forms_;
  std::vector<Place> places_;
  std::vector<int> place_of_;     // by node, -1 elsewhere
  std::vector<char> arithmetic_;  // by node: computes a constant from sizes
  std::vector<char> made_;        // by value: a constant that a place makes
  int folded_ = 0;

  bool whole_ = false;  // the last drawing was finished
  uint64_t turn_ = 0;
  std::vector<uint64_t> stamps_;
  std::vector<char> moved_;  // by value: differs from the drawing before
  std::vector<Seen> seen_;   // by form
};

}  // namespace mo::plan
