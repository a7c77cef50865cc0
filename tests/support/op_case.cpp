// Checks of one operator case.
#include "support/op_case.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "ops/interpret.h"
#include "support/tolerance.h"

namespace mo::test {

namespace {

graph::Node wired(const OpCase& c) {
  graph::Node n = c.node;
  n.inputs.clear();
  n.outputs.clear();
  for (size_t i = 0; i < c.inputs.size(); ++i) n.inputs.push_back(c.inputs[i].tensor ? static_cast<graph::ValueId>(i) : graph::k_none);
  for (int i = 0; i < c.outputs; ++i) n.outputs.push_back(1000 + i);
  return n;
}

std::vector<Datum> data(const OpCase& c) {
  std::vector<Datum> in;
  for (const KernelInput& i : c.inputs) in.push_back(i.tensor ? Datum(i.tensor) : Datum());
  return in;
}

void compare(const Tensor& got, const Tensor& want, size_t output) {
  INFO("output ", output, ": ", describe(got), " for ", describe(want));
  REQUIRE(got.dtype() == want.dtype());
  REQUIRE(got.shape() == want.shape());
  if (want.dtype() == DType::string) {
    for (int64_t i = 0; i < want.size(); ++i) CHECK(got.strings()[i] == want.strings()[i]);
    return;
  }
  Tolerance t = tolerance(want.dtype());
  for (int64_t i = 0; i < want.size(); ++i) {
    double a = got.number(i), b = want.number(i);
    bool close = a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= t.absolute + t.relative * std::abs(b);
    INFO("element ", i, ": got ", a, ", want ", b);
    CHECK(close);
    if (!close) return;
  }
}

// Runs into memory that the kernel is given, with guard bytes on both sides.
void check_planned(const OpCase& c, const std::vector<Datum>& want) {
  graph::Node n = wired(c);
  std::vector<Datum> in = data(c), out(want.size());
  std::vector<const Datum*> pointers;
  for (const Datum& d : in) pointers.push_back(&d);
  constexpr int64_t k_guard = 64;
  std::vector<std::vector<char>> memory(want.size());
  std::vector<char*> start(want.size(), nullptr);
  for (size_t i = 0; i < want.size(); ++i) {
    if (!want[i].is_tensor() || want[i].tensor.dtype() == DType::string) continue;
    const Tensor& t = want[i].tensor;
    memory[i].assign(static_cast<size_t>(t.bytes()) + 4 * k_guard, 0x5a);
    start[i] = memory[i].data() + k_guard;
    start[i] += (k_guard - reinterpret_cast<uintptr_t>(start[i]) % k_guard) % k_guard;
    out[i] = Tensor::borrow(t.dtype(), t.shape(), start[i]);
  }
  ops::Run run(n, pointers, out);
  run.run_subgraph = [](const graph::Graph& body, std::span<const Datum> inputs) { return ops::interpret(body, inputs); };
  ops::run_node(run);
  for (size_t i = 0; i < want.size(); ++i) {
    INFO("output ", i, " in planned memory");
    if (!start[i]) continue;
    REQUIRE(out[i].is_tensor());
    CHECK(identical(out[i].tensor, want[i].tensor));
    for (int64_t k = 1; k <= k_guard; ++k) {
      CHECK(start[i][-k] == 0x5a);
      CHECK(start[i][want[i].tensor.bytes() + k - 1] == 0x5a);
    }
  }
}

enum class Known { everything, dtypes_and_constants, ranks, dtypes, nothing };

void check_inference(const OpCase& c, Known known, const std::vector<Datum>& want) {
  graph::Node n = wired(c);
  std::vector<graph::Type> in, out(want.size());
  std::vector<const Tensor*> contents;
  for (const KernelInput& i : c.inputs) {
    graph::Type t;
    if (i.tensor && known != Known::nothing) {
      t = graph::Type::tensor(i.tensor.dtype(), i.tensor.shape());
      if (known == Known::ranks || known == Known::dtypes_and_constants)
        for (graph::Dim& d : t.dims) d = {};
      if (known == Known::dtypes) t = graph::Type::tensor(i.tensor.dtype());
    }
    in.push_back(std::move(t));
    contents.push_back(i.tensor && (known == Known::everything || known == Known::dtypes_and_constants) ? &i.tensor : nullptr);
  }
  ops::Infer infer(n, in, contents, out);
  INFO("inference with part ", static_cast<int>(known), " of the types known");
  try {
    ops::infer_node(infer);
  } catch (const Error& e) {
    FAIL_CHECK("inference refuses: " << e.message());
    return;
  }
  for (size_t i = 0; i < want.size(); ++i) {
    if (!want[i].is_tensor()) continue;
    const Tensor& t = want[i].tensor;
    INFO("output ", i, " is ", describe(t), ", inferred ", describe(out[i]));
    CHECK((out[i].dtype == DType::undefined || out[i].dtype == t.dtype()));
    if (out[i].ranked) {
      REQUIRE(out[i].rank() == t.rank());
      for (int64_t a = 0; a < t.rank(); ++a) {
        const graph::Dim& d = out[i].dims[static_cast<size_t>(a)];
        CHECK((!d.known() || d.size == t.dim(a)));
      }
    }
    if (known == Known::everything && !c.dynamic) CHECK(out[i].is_static());
  }
}

}  // namespace

KernelInput as_dtype(const Tensor& t, DType dtype, bool constant) { return {t.cast(dtype), constant}; }

std::vector<Datum> check_op(const OpCase& c) {
  INFO(c.node.domain, " ", c.node.op);
  std::vector<Datum> out = ops::interpret_node(wired(c), data(c));
  for (size_t i = 0; i < c.expected.size(); ++i)
    if (c.expected[i]) {
      REQUIRE(out[i].is_tensor());
      compare(out[i].tensor, c.expected[i], i);
    }
  check_planned(c, out);
  for (Known k : {Known::everything, Known::dtypes_and_constants, Known::ranks, Known::dtypes, Known::nothing}) check_inference(c, k, out);
  bool tensors = true;
  for (const Datum& d : out) tensors = tensors && d.is_tensor() && d.tensor.dtype() != DType::string;
  if (c.candidates && tensors) {
    KernelCase k{c.node, c.inputs, c.outputs, c.candidate_tolerance, c.steps};
    check_candidates(k);
  }
  return out;
}

std::string op_error(const OpCase& c) {
  try {
    ops::interpret_node(wired(c), data(c));
  } catch (const Error& e) { return e.message(); }
  FAIL_CHECK("no error from " << c.node.op);
  return {};
}

}  // namespace mo::test
