// SequenceMap: runs the body once per element of the first sequence; other sequences go along element by element, tensors stay the same.
#include "ops/sequence.h"

namespace mo::ops {

namespace {

const graph::GraphPtr& body_of(const Node& n) {
  const graph::GraphPtr* body = n.subgraph("body");
  require(body && *body, Code::format, "attribute body is missing");
  return *body;
}

void infer(Infer& c) {
  std::vector<Type> in;
  for (size_t i = 0; i < c.inputs(); ++i) {
    const Type& t = c.input(i);
    in.push_back(t.kind == Type::Kind::sequence ? (t.element ? *t.element : Type()) : t);
  }
  std::vector<Type> out;
  if (c.infer_subgraph) out = c.infer_subgraph(*body_of(c.node), in);
  for (size_t i = 0; i < c.outputs(); ++i) c.output(i) = Type::sequence_of(i < out.size() ? out[i] : Type());
}

void run(Run& c) {
  const graph::GraphPtr& body = body_of(c.node);
  require(body->inputs.size() == c.inputs() && body->outputs.size() == c.outputs(), Code::format, "the body takes ", body->inputs.size(),
          " and gives ", body->outputs.size(), " values, the node has ", c.inputs(), " and ", c.outputs());
  size_t n = items_of(c, 0).size();
  std::vector<std::vector<Datum>> results(c.outputs());
  for (size_t k = 0; k < n; ++k) {
    check(c.control);
    std::vector<Datum> in;
    for (size_t i = 0; i < c.inputs(); ++i) {
      const Datum& d = c.datum(i);
      require(!d.is_sequence() || d.items->size() == n, Code::shape, "input ", i, " has ", d.is_sequence() ? d.items->size() : 0, " elements beside ",
              n);
      in.push_back(d.is_sequence() ? (*d.items)[k] : d);
    }
    std::vector<Datum> out = c.run_subgraph(*body, in);
    for (size_t i = 0; i < results.size(); ++i) {
      require(i < out.size(), Code::internal, "the body gave ", out.size(), " values");
      results[i].push_back(out[i].is_tensor() ? Datum(kept(out[i].tensor)) : std::move(out[i]));
    }
  }
  for (size_t i = 0; i < results.size(); ++i) c.out(i, Datum::sequence(std::move(results[i])));
}

}  // namespace

extern const OpDef sequence_map{
    .name = "SequenceMap",
    .min_inputs = 1,
    .max_inputs = -1,
    .max_outputs = -1,
    .infer = infer,
    .run = run,
    .flags = k_control_flow,
    .since = 17,
};

}  // namespace mo::ops
