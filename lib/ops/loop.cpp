// Loop: runs its body while a condition holds, at most M times; carries values from turn to turn and stacks scan outputs.
#include "ops/stack.h"
#include "ops/subgraph.h"

namespace mo::ops {
namespace {

// Inputs: M, condition, carried... Body: (turn, condition, carried...) -> (condition, carried..., scans...).
struct Parts {
  const Graph& body;
  size_t carried, scans;
};

Parts parts(const Node& n, size_t inputs) {
  const Graph& body = body_of(n, "body");
  size_t carried = inputs > 2 ? inputs - 2 : 0;
  require(body.inputs.size() == carried + 2, Code::format, "the body takes ", body.inputs.size(), " inputs, wants ", carried + 2);
  for (size_t i = 2; i < inputs; ++i) require(n.input(i) != graph::k_none, Code::format, "carried value ", i - 2, " is missing");
  require(body.outputs.size() >= carried + 1, Code::format, "the body gives ", body.outputs.size(), " outputs, wants ", carried + 1, " at least");
  return {body, carried, body.outputs.size() - carried - 1};
}

void infer(Infer& c) {
  Parts p = parts(c.node, c.inputs());
  require(c.outputs() <= p.carried + p.scans, Code::format, "the node has ", c.outputs(), " outputs, the body gives ", p.carried + p.scans);
  std::vector<Type> fixed{Type::tensor(DType::i64, Shape{}), Type::tensor(DType::boolean, Shape{})}, carried;
  for (size_t i = 0; i < p.carried; ++i) carried.push_back(c.has(i + 2) ? c.input(i + 2) : Type());
  std::vector<Type> out = stable_types(c, p.body, fixed, carried, {}, 1);
  for (size_t i = 0; i < c.outputs(); ++i) {
    if (i < p.carried) {
      c.output(i) = carried[i];
      continue;
    }
    Type t = out[i + 1];
    if (!t.is_tensor()) continue;
    if (t.ranked) t.dims.insert(t.dims.begin(), Dim());
    c.output(i) = std::move(t);
  }
}

void run(Run& c) {
  Parts p = parts(c.node, c.inputs());
  int64_t limit = INT64_MAX;
  if (c.has(0)) {
    require(c.in(0).size() == 1 && c.dtype(0) == DType::i64, Code::type, "the trip count is ", describe(c.in(0)), ", wants one int64");
    limit = c.in(0).integer();
  }
  bool go = !c.has(1) || flag_input(c, 1);
  std::vector<Datum> carried(p.carried);
  for (size_t i = 0; i < p.carried; ++i)
    if (c.has(i + 2)) carried[i] = c.datum(i + 2);
  std::vector<std::vector<Tensor>> scans(p.scans);
  MO_ASSERT(static_cast<bool>(c.run_subgraph));
  for (int64_t turn = 0; go && turn < limit; ++turn) {
    check(c.control);
    std::vector<Datum> in{Tensor::scalar<int64_t>(turn), Tensor::scalar<bool>(go)};
    for (Datum& d : carried) in.push_back(std::move(d));
    std::vector<Datum> out = c.run_subgraph(p.body, in);
    go = flag_of(out[0], "the body's condition");
    for (size_t i = 0; i < p.carried; ++i) carried[i] = std::move(out[i + 1]);
    for (size_t i = 0; i < p.scans; ++i) {
      require(out[p.carried + 1 + i].is_tensor(), Code::type, "scan output ", i, " is not a tensor");
      scans[i].push_back(std::move(out[p.carried + 1 + i].tensor));
    }
  }
  std::vector<Type> types{Type::tensor(DType::i64, Shape{}), Type::tensor(DType::boolean, Shape{})};
  for (const Datum& d : carried) types.push_back(type_of(d));
  for (size_t i = 0; i < p.carried; ++i) c.out(i, std::move(carried[i]));
  for (size_t i = 0; i < p.scans; ++i) c.out(p.carried + i, scans[i].empty() ? empty_scan(p.body, p.carried + 1 + i, 0, types) : stack(scans[i], 0));
}

int since(const Node&, std::span<const Type> in) {
  for (const Type& t : in) {
    if (t.kind == Type::Kind::optional) return 16;
    if (t.kind == Type::Kind::sequence) return 13;
  }
  return 11;
}

}  // namespace

extern const OpDef loop{.name = "Loop",
                        .min_inputs = 2,
                        .max_inputs = -1,
                        .max_outputs = -1,
                        .infer = infer,
                        .run = run,
                        .flags = k_control_flow,
                        .since = 11,
                        .since_of = since};

}  // namespace mo::ops
