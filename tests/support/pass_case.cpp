// One pass on one small text: which operators are left, and that the graph still computes the same.
#include "support/pass_case.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "ops/interpret.h"
#include "passes/pass.h"
#include "support/kernel_case.h"

namespace mo::test {

std::string after_passes(const std::vector<std::string>& names, std::string_view graph_text, float tolerance, int steps) {
  graph::Graph g = graph::parse(graph_text);
  std::vector<Datum> inputs;
  for (graph::ValueId v : g.inputs) {
    const graph::Type& t = g.value(v).type;
    Shape shape;
    for (const graph::Dim& d : t.dims) shape.push_back(d.known() ? d.size : 2);
    inputs.emplace_back(t.dtype == DType::f32  ? random_floats(shape, 7, -2, 2)
                        : is_floating(t.dtype) ? random_floats(shape, 7, -2, 2).cast(t.dtype)
                                               : random_bytes(t.dtype, shape, 7));
  }
  std::vector<Datum> want = ops::interpret(g, inputs);
  std::vector<std::string> disabled;
  for (const passes::Pass& p : passes::all())
    if (std::find(names.begin(), names.end(), p.name) == names.end()) disabled.push_back(p.name);
  passes::run(g, passes::Stage::enter, disabled);
  passes::run(g, passes::Stage::simplify, disabled);
  passes::run(g, passes::Stage::plan, disabled);
  g.remove_dead();
  g.verify();
  std::vector<Datum> got = ops::interpret(g, inputs);
  std::string text = graph::print(g);
  INFO(text);
  REQUIRE(got.size() == want.size());
  for (size_t k = 0; k < want.size(); ++k) {
    const Tensor &a = want[k].tensor, &b = got[k].tensor;
    REQUIRE(a.dtype() == b.dtype());
    REQUIRE(a.shape() == b.shape());
    double largest = 0, worst = 0;
    for (int64_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(a.number(i)));
    for (int64_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::fabs(a.number(i) - b.number(i)));
    CHECK(worst <= (is_floating(a.dtype()) ? tolerance * largest + 1e-6 : steps));
  }
  std::string left;
  for (graph::NodeId id : g.order()) {
    if (!left.empty()) left += " ";
    if (!g.node(id).domain.empty()) left += g.node(id).domain + ".";
    left += g.node(id).op;
  }
  return left;
}

}  // namespace mo::test
