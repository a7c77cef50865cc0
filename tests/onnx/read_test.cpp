// Reading models: every file of ../shared/models loads into a graph that verifies; files say what their bytes say.
#include "onnx/read.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/file.h"
#include "onnx/write.h"
#include "support/same_graph.h"
#include "support/shared_models.h"
#include "support/skip.h"
#include "support/temp_folder.h"

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

TEST_CASE("onnx: tensors of all sizes come out of a file as they do of its bytes, and a file cut anywhere is an error") {
  TempFolder folder;
  graph::Model m;
  m.opsets = {{"", 17}};
  m.graph = graph::parse("(float32[2] x) -> (y) { y = Relu(x); }");
  m.graph.name = "sizes";
  int64_t i = 0;
  for (int64_t bytes : {3, 65535, 65536, 65537, 1, 300001, 262144, 0, 1000003, 70000, 12}) {
    std::vector<uint8_t> values(static_cast<size_t>(bytes));
    for (size_t k = 0; k < values.size(); ++k) values[k] = static_cast<uint8_t>(k * 31 + k / 251 + static_cast<size_t>(i));
    m.graph.outputs.push_back(m.graph.add_constant(text("c", i++), Tensor::of<uint8_t>({bytes}, values)));
  }
  const std::string path = folder / "m.onnx", bytes = onnx::write_bytes(m);
  onnx::write(m, path);
  CHECK(difference(m, onnx::read(path)) == "");
  CHECK(difference(m, onnx::read_bytes(bytes)) == "");
  for (size_t cut = bytes.size() - 1; cut > 1000; cut = cut * 9 / 10) {
    std::filesystem::resize_file(path, cut);
    CHECK_THROWS_AS(onnx::read(path), Error);
  }
}
