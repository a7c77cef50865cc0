// Scan: runs its body over the slices of tensors along an axis, carrying state and stacking the other outputs.
#include "ops/stack.h"
#include "ops/subgraph.h"

namespace mo::ops {
namespace {

// Inputs: state..., scanned... Body: (state..., slices...) -> (state..., scan outputs...).
struct Parts {
  const Graph& body;
  size_t states, scanned, outputs;
  std::vector<int64_t> in_axes, in_directions, out_axes, out_directions;
};

Parts parts(const Node& n, size_t inputs) {
  const Graph& body = body_of(n, "body");
  int64_t scanned = n.i("num_scan_inputs", 0);
  require(scanned >= 1 && scanned <= static_cast<int64_t>(inputs), Code::format, "num_scan_inputs is ", scanned, " of ", inputs, " inputs");
  Parts p{body, inputs - static_cast<size_t>(scanned), static_cast<size_t>(scanned), 0, {}, {}, {}, {}};
  require(body.inputs.size() == inputs, Code::format, "the body takes ", body.inputs.size(), " inputs, wants ", inputs);
  for (size_t i = 0; i < inputs; ++i) require(n.input(i) != graph::k_none, Code::format, "input ", i, " is missing");
  require(body.outputs.size() >= p.states, Code::format, "the body gives ", body.outputs.size(), " outputs, wants ", p.states, " at least");
  p.outputs = body.outputs.size() - p.states;
  auto list = [&](const char* attribute, size_t count) {
    std::vector<int64_t> v = n.ints(attribute, std::vector<int64_t>(count, 0));
    require(v.size() == count, Code::format, attribute, " has ", v.size(), " entries, wants ", count);
    return v;
  };
  p.in_axes = list("scan_input_axes", p.scanned);
  p.in_directions = list("scan_input_directions", p.scanned);
  p.out_axes = list("scan_output_axes", p.outputs);
  p.out_directions = list("scan_output_directions", p.outputs);
  return p;
}

void infer(Infer& c) {
  Parts p = parts(c.node, c.inputs());
  require(c.outputs() <= p.states + p.outputs, Code::format, "the node has ", c.outputs(), " outputs, the body gives ", p.states + p.outputs);
  std::vector<Type> states, slices;
  Dim length;
  for (size_t i = 0; i < p.states; ++i) states.push_back(c.has(i) ? c.input(i) : Type());
  for (size_t i = 0; i < p.scanned; ++i) {
    Type t = c.input(p.states + i);
    if (t.ranked) {
      int64_t axis = normal_axis(p.in_axes[i], t.rank());
      length = same_dim(length, t.dims[static_cast<size_t>(axis)], "lengths of scanned inputs differ");
      t.dims.erase(t.dims.begin() + axis);
    }
    slices.push_back(std::move(t));
  }
  std::vector<Type> out = stable_types(c, p.body, {}, states, slices, 0);
  for (size_t i = 0; i < c.outputs(); ++i) {
    if (i < p.states) {
      c.output(i) = states[i];
      continue;
    }
    Type t = out[i];
    if (!t.is_tensor()) continue;
    if (t.ranked) t.dims.insert(t.dims.begin() + normal_axis(p.out_axes[i - p.states], t.rank() + 1), length);
    c.output(i) = std::move(t);
  }
}

void run(Run& c) {
  Parts p = parts(c.node, c.inputs());
  int64_t length = -1;
  for (size_t i = 0; i < p.scanned; ++i) {
    int64_t n = c.in(p.states + i).dim(p.in_axes[i]);
    require(length < 0 || n == length, Code::shape, "scanned inputs have lengths ", length, " and ", n);
    length = n;
  }
  std::vector<Datum> states;
  for (size_t i = 0; i < p.states; ++i) states.push_back(c.has(i) ? c.datum(i) : Datum());
  std::vector<std::vector<Tensor>> outputs(p.outputs);
  MO_ASSERT(static_cast<bool>(c.run_subgraph));
  for (int64_t t = 0; t < length; ++t) {
    check(c.control);
    std::vector<Datum> in;
    for (Datum& d : states) in.push_back(std::move(d));
    for (size_t i = 0; i < p.scanned; ++i) in.push_back(take_slice(c.in(p.states + i), p.in_axes[i], p.in_directions[i] ? length - 1 - t : t));
    std::vector<Datum> out = c.run_subgraph(p.body, in);
    for (size_t i = 0; i < p.states; ++i) states[i] = std::move(out[i]);
    for (size_t i = 0; i < p.outputs; ++i) {
      require(out[p.states + i].is_tensor(), Code::type, "scan output ", i, " is not a tensor");
      outputs[i].push_back(std::move(out[p.states + i].tensor));
    }
  }
  std::vector<Type> types;  // of the body's inputs, for stacks of nothing
  for (const Datum& d : states) types.push_back(type_of(d));
  for (size_t i = 0; i < p.scanned; ++i) {
    Type t = type_of(c.datum(p.states + i));
    t.dims.erase(t.dims.begin() + normal_axis(p.in_axes[i], t.rank()));
    types.push_back(std::move(t));
  }
  for (size_t i = 0; i < p.states; ++i) c.out(i, std::move(states[i]));
  for (size_t i = 0; i < p.outputs; ++i) {
    if (outputs[i].empty()) {
      c.out(p.states + i, empty_scan(p.body, p.states + i, p.out_axes[i], types));
    } else {
      c.out(p.states + i, stack(outputs[i], p.out_axes[i], p.out_directions[i] != 0));
    }
  }
}

}  // namespace

extern const OpDef scan{
    .name = "Scan", .min_inputs = 1, .max_inputs = -1, .max_outputs = -1, .infer = infer, .run = run, .flags = k_control_flow, .since = 11};

}  // namespace mo::ops
