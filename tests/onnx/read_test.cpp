// Reading real models: every file of ../shared/models loads into a graph that verifies.
#include "onnx/read.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "support/shared_models.h"
#include "support/skip.h"

using namespace mo;

TEST_CASE("onnx: every shared model loads, verifies and has typed inputs and outputs") {
  std::vector<std::string> paths = shared_models();
  if (paths.empty()) MO_SKIP("../shared/models is absent");
  for (const std::string& path : paths) {
    CAPTURE(path);
    graph::Model m = onnx::read(path);
    m.graph.verify();
    CHECK(m.graph.node_count() > 0);
    CHECK(m.ir_version >= 3);
    for (graph::ValueId v : m.graph.inputs) CHECK(m.graph.value(v).type.dtype != DType::undefined);
    for (graph::ValueId v : m.graph.outputs) CHECK(m.graph.value(v).type.is_tensor());
    for (graph::NodeId id : m.graph.order()) CHECK(!m.graph.node(id).is("Constant"));
  }
}
