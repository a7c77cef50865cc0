// The parts a plan is made of: slots (values as stored), buffers (where they lie) and steps (what runs).
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "kernels/kernel.h"

namespace mo::plan {

using graph::NodeId;
using graph::ValueId;
using kernels::Layout;

class Program;

enum class Place : uint8_t {
  arena,     // at an offset of the workspace
  constant,  // index into Plan's constants
  input,     // index of a plan input: the caller's memory
  output,    // index of a plan output: the result's memory
  dynamic,   // a Datum made while running (shape unknown before, string, sequence)
};

struct Buffer {
  Place place = Place::arena;
  int index = -1;
  int64_t bytes = 0;
  int64_t offset = 0;         // in the arena
  int first = -1, last = -1;  // steps that write first and read last
};

// One value in one layout. Several slots may lie in one buffer (Reshape, in-place results).
struct Slot {
  ValueId value = graph::k_none;
  DType dtype = DType::undefined;
  Shape shape;
  Layout layout = Layout::plain;
  int buffer = -1;
  int datum = -1;  // index of its Datum in a run context, when a reference kernel reads it
};

// A subgraph of a control-flow node: its program takes the body's inputs followed by the captured values.
struct Body {
  const graph::Graph* graph = nullptr;  // as the node holds it
  std::shared_ptr<Program> program;
  std::vector<int> captures;  // slots
};

enum class StepKind : uint8_t { kernel, reference, dynamic, tail };

struct Step {
  StepKind kind = StepKind::kernel;
  std::shared_ptr<const std::function<void(const kernels::Args&)>>
      run;                    // of kernel steps; plans of one blueprint share those that they have in common
  std::vector<int> src, dst;  // slots; -1 where absent
  int scratch = -1;           // buffer
  int in_place = -1;          // input whose memory the result may take
  bool takes_place = false;   // and does
  int threads = 1;
  bool brief = false;                       // not worth waking a sleeping thread for
  std::shared_ptr<const graph::Node> node;  // of reference and dynamic steps
  std::vector<Body> bodies;                 // of control flow
  std::shared_ptr<Program> tail;
  std::vector<int> tail_outputs;                     // plan outputs that the tail makes
  std::vector<int> release;                          // dynamic slots that die here
  std::vector<std::pair<std::string, int>> observe;  // value name and slot shown after this step
  // Where the step's pointers and data lie in a run context.
  int pointer_begin = 0, in_begin = 0, out_begin = 0, scratch_pointer = -1;
};

}  // namespace mo::plan
