// Plan: the steps, memory offsets and constants that run one graph for one set of input shapes. Immutable; run it from any thread.
#pragma once
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "plan/program.h"
#include "plan/report.h"
#include "plan/shared.h"
#include "plan/step.h"

namespace mo::plan {

class Context;

class Plan {
 public:
  explicit Plan(std::shared_ptr<Shared> shared);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  void run(std::span<const Datum* const> inputs, std::span<Datum> outputs, RunState& state) const;

  void describe(Report& report, const Times* times = nullptr) const;  // appends this plan's steps and those of the plans below
  int64_t arena_bytes() const { return arena_bytes_; }
  int64_t context_count() const;
  int64_t packed_bytes() const { return packed_bytes_; }   // of the constants that kernels took in packed form
  bool outputs_planned() const;                            // every output is written in place
  bool wants_contents() const { return wants_contents_; }  // made from types alone although contents decide shapes

 private:
  friend class Builder;
  friend class Context;
  friend class Program;
  class Lease;

  struct Input {
    ValueId value = graph::k_none;
    bool planned = false;  // else a Datum of any kind
    int slot = -1;
  };
  struct Output {
    bool planned = false;  // written in place by steps
    bool in_tail = false;
    DType dtype = DType::undefined;
    Shape shape;
    int slot = -1;  // of an unplanned one
  };
  // Where a pointer of a run context comes from.
  struct Source {
    Place place = Place::arena;
    int64_t at = -1;  // offset, or index; -1: null
  };
  // What must follow the caller's memory at each run.
  struct Patch {
    enum Kind : uint8_t { pointer, datum, out } kind;
    int index;
  };

  Source source_of(int slot) const;
  void finish();  // lays out contexts, after the steps are complete

  void set_inputs(Context& c, std::span<const Datum* const> inputs) const;
  void set_outputs(Context& c, std::span<Datum> outputs) const;
  void run_steps(Context& c, std::span<Datum> outputs, RunState& state) const;
  void run_step(const Step& step, Context& c, std::span<Datum> outputs, RunState& state) const;
  void run_reference(const Step& step, Context& c, RunState& state) const;
  void run_dynamic(const Step& step, Context& c, RunState& state) const;
  void run_tail(const Step& step, Context& c, std::span<Datum> outputs, RunState& state) const;
  void run_node(const Step& step, Context& c, std::span<const Datum* const> in, std::span<Datum> out, RunState& state) const;
  void observe(const std::vector<std::pair<std::string, int>>& list, Context& c, RunState& state) const;

  std::shared_ptr<Shared> shared_;
  std::string where_;
  std::vector<Slot> slots_;
  std::vector<Buffer> buffers_;
  std::vector<Step> steps_;
  std::vector<Tensor> constants_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  // One per step. Steps of several plans, or with one kernel, share their reports: what is the step's own is put in by describe().
  struct Described {
    std::shared_ptr<const StepReport> report;
    std::shared_ptr<const StepOwner> owner;
  };
  std::vector<Described> reports_;
  std::vector<std::pair<size_t, std::shared_ptr<const StepReport>>> notes_;  // nodes without a step of their own, before step i
  std::vector<std::pair<std::string, int>> observe_first_;
  Packs own_packs_;
  int64_t arena_bytes_ = 0;
  int64_t packed_bytes_ = 0;
  int64_t folded_ = 0;
  double compile_ms_ = 0;
  bool wants_contents_ = false;
  int team_ = 1;  // the most threads of a step

  std::vector<Source> pointer_sources_;
  std::vector<int> datum_slots_;  // slot behind each Datum of a context
  std::vector<int> out_slots_;    // slot (or -1) behind each output Datum of reference steps
  std::vector<int> in_data_;      // Datum index (or -1) of each input of steps that read data
  std::vector<std::vector<Patch>> input_patches_, output_patches_;

  mutable std::mutex mutex_;  // of idle_
  mutable std::vector<std::unique_ptr<Context>> idle_;
  mutable int64_t contexts_ = 0;
};

}  // namespace mo::plan
