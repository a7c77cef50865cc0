// Writing: what was read comes back identical, bytes are the same every time, versions are the lowest that suffice, saves are atomic.
#include "onnx/write.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <filesystem>

#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "onnx/read.h"
#include "ops/op.h"
#include "support/same_graph.h"
#include "support/shared_models.h"
#include "support/skip.h"
#include "support/temp_folder.h"

using namespace mo;

namespace {

graph::Model small_model() {
  graph::Model m;
  m.opsets = {{"", 17}};
  m.producer_name = "test";
  m.metadata = {{"key", "value"}, {"other", "text"}};
  m.graph = graph::parse("(float32[2, 4] x) -> (y) { w = const float32[4] {1, 2, 3, 4}; t = Relu(x); y = Add(t, w); }");
  m.graph.name = "small";
  return m;
}

}  // namespace

TEST_CASE("onnx: every shared model reads, writes and reads back identical") {
  std::vector<std::string> paths = shared_models();
  if (paths.empty()) MO_SKIP("../shared/models is absent");
  for (const std::string& path : paths) {
    CAPTURE(path);
    graph::Model m = onnx::read(path);
    std::string bytes = onnx::write_bytes(m);
    CHECK(bytes == onnx::write_bytes(m));
    graph::Model again = onnx::read_bytes(bytes);
    CHECK(difference(m, again) == "");
    CHECK(onnx::write_bytes(again) == bytes);
    CHECK(onnx::digest(m) == sha256_hex(bytes));
    ops::infer_graph(m.graph);  // with types of all values
    bytes = onnx::write_bytes(m);
    CHECK(onnx::write_bytes(onnx::read_bytes(bytes)) == bytes);
  }
}

TEST_CASE("onnx: tensors outside of the file come back identical and are aligned") {
  TempFolder folder;
  graph::Model m = small_model();
  std::vector<float> values(3001);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.5f;
  graph::ValueId big = m.graph.add_constant("big", Tensor::of<float>({3001}, values));
  graph::ValueId more = m.graph.add_constant("more", Tensor::of<float>({3001}, values));
  m.graph.outputs.push_back(big);
  m.graph.outputs.push_back(more);
  std::string path = folder / "m.onnx";
  onnx::write(m, path, {.outside = onnx::Outside::always});
  CHECK(folder.count() == 2);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path))
    if (entry.path().extension() == ".data") CHECK(std::filesystem::file_size(entry.path()) == 12032 + 12004);
  CHECK(FileReader(path).size() < 2000);
  for (onnx::ExternalData how : {onnx::ExternalData::read, onnx::ExternalData::map}) {
    graph::Model again = onnx::read(path, {.external = how});
    CHECK(difference(m, again) == "");
    onnx::write(again, path, {.outside = onnx::Outside::always});  // over the very files it came from
    CHECK(difference(m, onnx::read(path)) == "");
  }
  CHECK_THROWS_AS(onnx::read(path, {.external = onnx::ExternalData::refuse}), Error);
  std::vector<char> bytes = read_file(path, 1 << 20);
  CHECK_THROWS_AS(onnx::read_bytes({bytes.data(), bytes.size()}), Error);
  CHECK(difference(m, onnx::read_bytes({bytes.data(), bytes.size()}, {.base_dir = folder.path.string()})) == "");
  CHECK(folder.count() == 2);
  m.graph.value(big).constant = Tensor::zeros(DType::f32, {3001});  // other contents: the old data file goes
  onnx::write(m, path, {.outside = onnx::Outside::always});
  CHECK(folder.count() == 2);
  CHECK(difference(m, onnx::read(path)) == "");
  onnx::write(m, path);
  CHECK(folder.count() == 1);
}

TEST_CASE("onnx: a save that is killed leaves the old model or the new one, whole") {
  for (onnx::Outside outside : {onnx::Outside::never, onnx::Outside::always}) {
    TempFolder folder;
    std::string path = folder / "m.onnx";
    graph::Model a = small_model(), b = small_model();
    a.graph.outputs.push_back(a.graph.add_constant("big", Tensor::zeros(DType::f32, {200000})));
    b.graph.outputs.push_back(b.graph.add_constant("big", Tensor::of<float>({200000}, std::vector<float>(200000, 1.5f))));
    onnx::write(a, path, {.outside = outside});
    Random random(5);
    int old_one = 0, new_one = 0;
    for (int i = 0; i < 25; ++i) {
      pid_t child = ::fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        for (int k = 0;; ++k) onnx::write(k % 2 ? a : b, path, {.outside = outside});
      }
      ::usleep(static_cast<useconds_t>(random.below(30000)));
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
      graph::Model now = onnx::read(path);
      bool is_a = difference(a, now).empty(), is_b = difference(b, now).empty();
      CHECK(is_a != is_b);
      old_one += is_a;
      new_one += is_b;
    }
    CHECK(old_one + new_one == 25);
    onnx::write(a, path, {.outside = outside});
    CHECK(difference(a, onnx::read(path)) == "");
  }
}

TEST_CASE("onnx: opset and ir version are the lowest that hold the graph, and can be forced up") {
  graph::Model m = small_model();
  m.opsets = {{"", 9}};
  onnx::Versions v = onnx::choose_versions(m);
  CHECK(v.opsets == std::vector<std::pair<std::string, int64_t>>{{"", 13}});
  CHECK(v.ir == 7);
  v = onnx::choose_versions(m, {.opset = 17});
  CHECK(v.opsets[0].second == 17);
  CHECK(v.ir == 8);
  CHECK(onnx::choose_versions(m, {.ir_version = 10}).ir == 10);
  CHECK_THROWS_AS(onnx::choose_versions(m, {.opset = 9}), Error);
  m.graph.add_constant("nibbles", Tensor::zeros(DType::i4, {4}));
  v = onnx::choose_versions(m);
  CHECK(v.opsets[0].second == 21);
  CHECK(v.ir == 10);
  CHECK_THROWS_AS(onnx::choose_versions(m, {.ir_version = 8}), Error);
}

TEST_CASE("onnx: omitted inputs at the end are not written") {
  graph::Model m = small_model();
  graph::NodeId relu = m.graph.order()[0];
  m.graph.resize_inputs(relu, 3);
  graph::Model again = onnx::read_bytes(onnx::write_bytes(m));
  CHECK(again.graph.node(again.graph.order()[0]).inputs.size() == 1);
  CHECK(onnx::write_bytes(again) == onnx::write_bytes(m));
}

TEST_CASE("onnx: plan-time operators cannot be saved") {
  graph::Model m = small_model();
  m.graph.edit(m.graph.order()[0]).domain = "mo";
  CHECK_THROWS_AS(onnx::write_bytes(m), Error);
}

TEST_CASE("onnx: a subgraph that hides an outer name is renamed, one that hands an outer value on gets an Identity") {
  graph::Graph inner;
  inner.captures.push_back({0, inner.add_value("x")});
  inner.outputs.push_back(inner.captures[0].inner);
  graph::Graph hides;
  graph::ValueId hidden = hides.add_value("x");  // another value with the outer's name
  graph::Node make;
  make.op = "ConstantOfShape";
  make.inputs = {hides.add_constant("shape", Tensor::of<int64_t>({1}, {3}))};
  make.outputs = {hidden};
  hides.add_node(make);
  hides.outputs.push_back(hidden);
  graph::Model m;
  m.opsets = {{"", 17}};
  graph::ValueId x = m.graph.add_value("x", graph::Type::tensor(DType::f32, Shape{3})),
                 c = m.graph.add_value("c", graph::Type::tensor(DType::boolean, Shape{}));
  m.graph.inputs = {x, c};
  graph::Node n;
  n.op = "If";
  n.inputs = {c};
  n.outputs = {m.graph.add_value("y")};
  m.graph.outputs = {n.outputs[0]};
  n.set("then_branch", graph::GraphPtr(std::make_shared<graph::Graph>(inner)));
  n.set("else_branch", graph::GraphPtr(std::make_shared<graph::Graph>(hides)));
  m.graph.add_node(n);
  m.graph.verify();
  graph::Model again = onnx::read_bytes(onnx::write_bytes(m));
  const graph::Node& node = again.graph.node(again.graph.order()[0]);
  const graph::Graph& then_branch = **node.subgraph("then_branch");
  REQUIRE(then_branch.captures.size() == 1);
  CHECK(again.graph.value(then_branch.captures[0].outer).name == "x");
  CHECK(then_branch.node(then_branch.order().at(0)).op == "Identity");
  const graph::Graph& else_branch = **node.subgraph("else_branch");
  CHECK(else_branch.captures.empty());
  CHECK(else_branch.value(else_branch.outputs[0]).name != "x");
}
