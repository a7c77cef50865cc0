// Program: a graph (a model, a body of control flow, or the part of a graph behind a data-dependent shape) with its plans by input shapes.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/control.h"
#include "graph/graph.h"
#include "plan/report.h"
#include "plan/shared.h"
#include "tensor/datum.h"

namespace mo {
class Random;
}

namespace mo::plan {

class Plan;

// Times of the steps of every plan that ran, for profiles.
struct Times {
  struct Entry {
    int64_t calls = 0;
    double us = 0;             // since the last end_run
    std::vector<double> runs;  // of each run, all calls in it together
  };
  std::map<const Plan*, std::vector<Entry>> plans;
  void end_run();
};

// Sees a value of Options::observed. channels_last: the tensor's shape is [n, spatial..., c], which only Options::observed_as_stored brings about.
using Observer = std::function<void(const std::string& name, const Tensor& value, bool channels_last)>;

// What one run carries through all plans below it.
struct RunState {
  Control* control = nullptr;
  const Observer* on_value = nullptr;
  Random* random = nullptr;
  Times* times = nullptr;
};

class Program {
 public:
  // `g` has no captures left. `root`: observed graph inputs and constants are shown too. `where` is for reports.
  Program(std::shared_ptr<Shared> shared, graph::Graph g, std::string where, bool root = false);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // One run. outputs: an empty Datum is replaced; a borrowed or exclusively owned tensor of the right type is written in place. Any thread.
  void run(std::span<const Datum* const> inputs, std::span<Datum> outputs, RunState& state);

  // The plan for inputs like these, made when it does not exist.
  std::shared_ptr<const Plan> plan_for(std::span<const Datum* const> inputs);
  std::shared_ptr<const Plan> plan_for(std::span<const graph::Type> types);

  const graph::Graph& graph() const { return graph_; }     // constants may be gone, see Options::release_weights
  std::vector<std::shared_ptr<const Plan>> plans() const;  // most recently used first
  int64_t context_count() const;
  int64_t weight_bytes() const;  // of the constants still held in the form of the model

 private:
  struct Key;
  std::shared_ptr<const Plan> find(std::span<const Datum* const> inputs);
  std::shared_ptr<const Plan> make(std::span<const Datum* const> inputs, std::vector<graph::Type> types);
  struct Drawn;
  Drawn* drawn(std::span<const graph::Type> types);  // null where there is no blueprint for them

  void release(graph::Graph& copy, graph::ValueId v);

  std::shared_ptr<Shared> shared_;
  graph::Graph graph_;
  std::string where_;
  bool root_;
  std::vector<char> bound_;  // inputs whose contents shapes depend on: part of the key
  int bound_compiles_ = 0;   // how often a plan was made for new contents

  mutable std::mutex mutex_;   // of plans_
  mutable std::mutex making_;  // one plan is made at a time; guards graph_ where weights are released
  bool released_ = false;
  std::map<std::vector<int64_t>, std::unique_ptr<Drawn>> drawn_;  // by OpenSizes::key
  std::vector<std::shared_ptr<Key>> plans_;
};

}  // namespace mo::plan
