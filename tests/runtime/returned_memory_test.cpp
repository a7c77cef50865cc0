// Sessions that are freed keep nothing: what the allocator gives back afterwards is all they took.
#include <doctest/doctest.h>

#include <memory>

#include "base/memory.h"
#include "ops/op.h"
#include "runtime/session.h"
#include "support/kernel_case.h"

using namespace mo;

namespace {

// Products of 4 MB of weights each.
graph::Graph products(int count) {
  graph::Graph g;
  graph::ValueId x = g.add_value("x", graph::Type::tensor(DType::f32, Shape{16, 1024}));
  g.inputs.push_back(x);
  for (int i = 0; i < count; ++i) {
    const graph::ValueId w = g.add_constant(text("w", i), test::random_floats({1024, 1024}, static_cast<uint32_t>(i), -0.05f, 0.05f)),
                         y = g.add_value(text("y", i));
    graph::Node n;
    n.op = "MatMul", n.name = text("product", i);
    n.inputs.push_back(x), n.inputs.push_back(w), n.outputs.push_back(y);
    g.add_node(n);
    x = y;
  }
  g.outputs.push_back(x);
  ops::infer_graph(g);
  return g;
}

}  // namespace

TEST_CASE("loading, running and freeing again and again leaves resident memory where it was") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  MESSAGE("skipped: a sanitizer keeps what is freed");
#else
  std::vector<int64_t> resident;
  for (int cycle = 0; cycle < 12; ++cycle) {
    auto session = std::make_unique<runtime::Session>(products(6));
    CHECK(session->run(std::vector<Datum>{Datum(test::random_floats({16, 1024}, 1))}).size() == 1);
    session.reset();
    trim_memory();  // as mo_session_free does
    resident.push_back(current_rss());
  }
  MESSAGE("MiB after cycles 2 and 12: ", resident[1] >> 20, ", ", resident[11] >> 20);
  CHECK(resident[11] - resident[1] <= int64_t{2} << 20);
#endif
}
