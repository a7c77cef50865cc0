// Session: a model made ready to run. Plans are made per set of input shapes and kept; any number of threads may run it at once.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/control.h"
#include "graph/graph.h"
#include "plan/report.h"
#include "tensor/datum.h"

namespace mo::runtime {

using Named = std::map<std::string, Datum, std::less<>>;

// Sees an observed value right after the step that made it, in the order of execution, on the thread that runs. `value` is row-major
// and valid during the call only: clone what shall stay.
using Observer = std::function<void(const std::string& name, const Tensor& value)>;
// The same without a copy into row-major order: channels_last says that the bytes and the shape are [n, spatial..., c].
using StoredObserver = std::function<void(const std::string& name, const Tensor& value, bool channels_last)>;

struct SessionOptions {
  int threads = 1;                            // 0: as many as the machine or its cgroup gives
  bool optimize = true;                       // false: no passes, no fast kernels, every node by its reference kernel
  std::vector<std::string> disabled_passes;   // by Pass::name
  std::vector<std::string> disabled_kernels;  // by Candidate::name
  std::vector<std::string> extra_outputs;     // names of inner values returned after the graph's own outputs
  std::vector<std::string> observed;          // names of values that RunOptions::on_value gets; no fusion across them
  bool observed_as_stored = false;            // they go to RunOptions::on_stored instead, in the layout they have
  int max_plans = 16;                         // least recently used go first; at least 1
  // Give up the model's weights once they are packed for the kernels: about half the memory, but one set of input shapes only. Models
  // whose inputs leave nothing open do so anyway. Frees memory where nobody else holds the model.
  bool release_weights = false;
  // Round the operands of products with constant weights to bfloat16 where the processor multiplies that fast (sums stay float32). Models whose own
  // tensors are bfloat16 do so anyway.
  bool bf16 = false;
  // Folder in which packed weights are kept for later sessions of the same model, build and kind of processor, which map them; empty: none.
  std::string cache_folder;
  int64_t memory_limit = 0;  // bytes one run may take for intermediate values and outputs; 0: no limit
  uint64_t seed = 0;         // of random operators without a seed of their own
};

struct RunOptions {
  Control* control = nullptr;     // checked between steps
  Observer on_value;              // of SessionOptions::observed
  StoredObserver on_stored = {};  // the same with SessionOptions::observed_as_stored
};

// One input or output as the model declares it.
struct Port {
  std::string name;
  graph::Type type;       // dims unknown where the caller chooses
  bool optional = false;  // of an input: it has a default
};

class Session {
 public:
  // Tensor storage is shared with whoever else holds the graph; where nobody does, released weights are freed one by one as they are packed.
  // Throws what the passes, inference or operators object to.
  explicit Session(graph::Graph graph, SessionOptions options = {});
  explicit Session(const graph::Model& model, SessionOptions options = {}) : Session(model.graph, std::move(options)) {}
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::vector<Port>& inputs() const;
  const std::vector<Port>& outputs() const;  // extra_outputs last
  const SessionOptions& options() const;     // threads resolved

  // Runs once. Inputs by name; the result owns its memory. Throws Code::not_found for unknown or missing names, Code::type, Code::shape.
  Named run(const Named& inputs, const RunOptions& options = {}) const;
  // The same by position: inputs in the order of inputs() (none where the default shall hold), results in the order of outputs().
  std::vector<Datum> run(std::span<const Datum> inputs, const RunOptions& options = {}) const;
  // Writes into the tensors that `outputs` holds (dtype and shape must be the ones the run makes, storage is written in place); an empty
  // Datum is replaced by a fresh one. In the steady state of static shapes nothing is allocated.
  void run_into(std::span<const Datum> inputs, std::span<Datum> outputs, const RunOptions& options = {}) const;
  void run_into(const Named& inputs, Named& outputs, const RunOptions& options = {}) const;

  // Makes the plan for these input shapes now instead of at the first run; dims unknown in the model must be given.
  void prepare(const std::map<std::string, Shape, std::less<>>& shapes = {}) const;

  // What runs each node and why nothing faster does, of the most recently used plan (made for `shapes` when given).
  plan::Report explain() const;
  // Runs `iterations` times on these inputs and adds the time of every step to the report.
  plan::Report profile(std::span<const Datum> inputs, int iterations = 10) const;

  struct Memory {
    int64_t arena_bytes = 0;     // intermediate values, all run contexts together
    int64_t packed_bytes = 0;    // constants repacked for fast kernels
    int64_t weight_bytes = 0;    // constants kept as they are
    int64_t peak_rss_bytes = 0;  // of the process
    int plans = 0, contexts = 0;
    int64_t packs_made = 0, packs_mapped = 0;  // with a cache_folder: weights packed here, and found in its file
  };
  Memory memory() const;

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace mo::runtime
