// Builder: turns a graph with static input types into a Plan: kernels, layouts, memory.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plan/blueprint.h"
#include "plan/kept.h"
#include "plan/partition.h"
#include "plan/plan.h"

namespace mo::plan {

class Builder {
 public:
  // inputs: values of `g` in the order of the program's inputs (k_none or a constant where the contents were bound). The first
  // `output_count` outputs of `g` are results; the rest are observed only.
  Builder(std::shared_ptr<Shared> shared, const graph::Graph& g, std::vector<ValueId> inputs, size_t output_count, std::string where, bool root);
  // Called with each constant that kernels took in packed form in all its uses.
  void on_packed(std::function<void(ValueId)> release) { release_ = std::move(release); }
  // The graph is a drawing of `of`: choices of nodes that did not change since are taken from `choices`, others go there.
  void keep(const Blueprint& of, Choices& choices) { blueprint_ = &of, choices_ = &choices; }
  std::shared_ptr<Plan> build(const Partition& parts);

 private:
  // builder.cpp: slots and the whole
  const graph::Type& type(ValueId v) const { return graph_.value(v).type; }
  int new_buffer(Place place, int64_t bytes, int index = -1);
  int new_slot(ValueId v, Layout layout, int buffer);
  int made_slot(ValueId v, Layout layout);  // of a value that the current step makes
  int dynamic_slot(ValueId v);
  int slot(ValueId v, Layout layout);  // of a value that exists; reorders when need be
  int plain(ValueId v) { return slot(v, Layout::plain); }
  int constant_slot(ValueId v, Layout layout);
  int datum(int slot);
  Layout present_layout(ValueId v) const;
  Step& add_step(StepKind kind, std::shared_ptr<const StepReport> report, std::shared_ptr<const StepOwner> owner);
  Step& add_step(StepKind kind, StepReport report);
  void watch(ValueId v);  // adds to what is shown after the last step
  void add_inputs();
  void add_outputs();
  void add_tail(const Partition& parts);
  void lifetimes();
  void reuse_in_place();
  int root_of(int buffer);

  // emit.cpp: one node at a time
  void emit(NodeId id);
  void emit_loose(NodeId id);
  bool emit_alias(NodeId id);
  std::shared_ptr<const StepReport> alias_note(NodeId id, int src, int dst);
  bool emit_candidate(NodeId id, std::vector<Refusal>& refusals);
  void emit_reference(const graph::Node& n, std::vector<Refusal> refusals);
  bool try_candidate(const kernels::Candidate& candidate, NodeId id, Layout wished, std::vector<Refusal>& refusals);
  const Choice* kept(NodeId id) const;
  Choice new_choice(NodeId id) const;
  const Choice* twin(NodeId id) const;  // of a node before, with the same operator on operands of the same types
  bool same_request(const graph::Node& a, const graph::Node& b) const;
  void add_kernel(NodeId id, const Choice& choice);
  Layout wished_layout(const kernels::Candidate& candidate, const graph::Node& n) const;
  int64_t full_rank(const graph::Node& n) const;  // the largest rank among the inputs
  void add_bodies(const graph::Node& n, Step& step);
  void note_packed(ValueId v);
  void add_copy(int src, int dst, const char* kernel);
  StepReport report_of(const graph::Node& n) const;
  void add_cost(StepReport& report, const graph::Node& n) const;  // of a node whose types are static
  std::string slots_text(const std::vector<int>& slots) const;

  std::shared_ptr<Shared> shared_;
  const graph::Graph& graph_;
  std::vector<ValueId> inputs_;
  size_t output_count_;
  std::string where_;
  bool root_;
  std::shared_ptr<Plan> plan_;
  struct Known {
    int by_layout[2] = {-1, -1};
    int dynamic = -1;
  };
  int team_ = 1;              // threads that steps of this plan may use
  std::vector<Known> known_;  // per value
  std::vector<int> parent_;   // union-find over buffers
  std::map<ValueId, std::string> watched_;
  std::function<void(ValueId)> release_;
  const Blueprint* blueprint_ = nullptr;
  Choices* choices_ = nullptr;
  std::map<std::string, NodeId, std::less<>> last_;  // by operator, the last whose choice is new
  std::map<ValueId, size_t> packed_uses_;
};

}  // namespace mo::plan
