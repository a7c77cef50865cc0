// Hostile bytes: every prefix and many bit flips of real small models, bombs, bad references; each gives a graph or one clear error.
#include <doctest/doctest.h>
#include <pthread.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "onnx/read.h"
#include "onnx/tensor_file.h"
#include "onnx/write.h"
#include "support/shared_models.h"
#include "support/skip.h"
#include "support/temp_folder.h"
#include "support/wire.h"

using namespace mo;
using wire::field;
using wire::number;

namespace {

// Sanitizers make every frame several times larger; the promise is about ordinary builds.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MO_TEST_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(MO_TEST_SANITIZED)
constexpr size_t k_stack_bytes = 4 << 20;
#else
constexpr size_t k_stack_bytes = 256 << 10;
#endif

// What reading came to: Code{0} for a graph.
struct Outcome {
  Code code = Code{0};
  std::string message, node;
};

Outcome outcome(std::string_view bytes, const onnx::ReadOptions& options = {}) {
  try {
    onnx::read_bytes(bytes, options);
  } catch (const Error& e) { return {e.code(), e.message(), e.node()}; }
  return {};
}

std::string node(const std::string& op, const std::vector<std::string>& in, const std::vector<std::string>& out, const std::string& attributes = {}) {
  std::string n;
  for (const std::string& i : in) n += field(1, i);
  for (const std::string& o : out) n += field(2, o);
  return n + field(3, "the_" + op) + field(4, op) + attributes;
}

std::string model(const std::string& graph, const std::string& more = {}) { return number(1, 8) + field(8, number(2, 17)) + field(7, graph) + more; }

std::string value(const std::string& name) { return field(1, name) + field(2, field(1, number(1, 1) + field(2, field(1, number(1, 4))))); }

std::string initializer(const std::string& name, const std::vector<int64_t>& dims, int64_t dtype, const std::string& data) {
  std::string t;
  for (int64_t d : dims) t += number(1, static_cast<uint64_t>(d));
  return field(5, t + number(2, static_cast<uint64_t>(dtype)) + field(8, name) + data);
}

std::string relu_model() { return model(field(1, node("Relu", {"x"}, {"y"})) + field(2, "g") + field(11, value("x")) + field(12, value("y"))); }

std::vector<std::string> seeds() {
  std::vector<std::string> list = {relu_model()};
  list.push_back(model(field(1, node("Add", {"x", "w"}, {"y"})) + field(2, "g") + field(11, value("x")) + field(12, value("y")) +
                       initializer("w", {4}, 1, field(9, std::string(16, '\1')))));
  graph::Model m = onnx::read_bytes(relu_model());
  std::string branch = field(1, node("Relu", {"x"}, {"b"})) + field(2, "branch") + field(12, value("b"));
  auto graph_attribute = [&](const char* name) { return field(5, field(1, name) + field(6, branch) + number(20, 5)); };
  list.push_back(model(field(1, node("If", {"c"}, {"y"}, graph_attribute("then_branch") + graph_attribute("else_branch"))) + field(11, value("x")) +
                       field(11, value("c")) + field(12, value("y"))));
  std::string function =
      field(1, "f") + field(4, "a") + field(5, "b") + field(7, node("Neg", {"a"}, {"b"})) + field(9, number(2, 17)) + field(10, "own");
  list.push_back(model(field(1, node("f", {"x"}, {"y"}) + field(7, "own")) + field(11, value("x")) + field(12, value("y")), field(25, function)));
  return list;
}

}  // namespace

TEST_CASE("hostile bytes: every prefix of small models is a graph or one error") {
  for (const std::string& seed : seeds()) {
    REQUIRE(outcome(seed).code == Code{0});
    for (size_t n = 0; n < seed.size(); ++n) {
      Outcome o = outcome(std::string_view(seed).substr(0, n));
      CHECK(o.code != Code::internal);
      CHECK(o.message.find('\n') == std::string::npos);
    }
  }
}

TEST_CASE("hostile bytes: every single bit flip of small models is a graph or one error") {
  for (const std::string& seed : seeds())
    for (size_t i = 0; i < seed.size() * 8; ++i) {
      std::string bytes = seed;
      bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ 1 << (i % 8));
      Outcome o = outcome(bytes);
      CAPTURE(o.message);
      CHECK(o.code != Code::internal);
      if (o.code == Code{0}) {  // what was read can be written
        graph::Model m = onnx::read_bytes(bytes);
        try {
          onnx::write_bytes(m);
        } catch (const Error& e) { CHECK(e.code() != Code::internal); }
      }
    }
}

TEST_CASE("hostile bytes: cuts and flips of a real model") {
  std::string folder = shared_folder();
  if (folder.empty()) MO_SKIP("../shared/models is absent");
  std::vector<char> bytes = read_file(folder + "/models/mnist_cntk.onnx", 1 << 20);
  Random random(7);
  for (int i = 0; i < 300; ++i) {
    std::string cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(random.below(bytes.size())));
    CHECK(outcome(cut).code != Code::internal);
    std::string flipped(bytes.begin(), bytes.end());
    for (int k = 0; k < 4; ++k) flipped[random.below(flipped.size())] ^= static_cast<char>(1 << random.below(8));
    CHECK(outcome(flipped).code != Code::internal);
  }
}

TEST_CASE("hostile bytes: noise") {
  Random random(11);
  for (int i = 0; i < 2000; ++i) {
    std::string noise(random.below(200), '\0');
    for (char& c : noise) c = static_cast<char>(random.next());
    CHECK(outcome(noise).code != Code::internal);
  }
}

TEST_CASE("bad references name the node, tensor or value") {
  auto graph_with = [](const std::string& nodes, const std::string& more = {}) {
    return model(nodes + field(11, value("x")) + field(12, value("y")) + more);
  };
  Outcome o = outcome(graph_with(field(1, node("Relu", {"nowhere"}, {"y"}))));
  CHECK(o.code == Code::format);
  CHECK(o.node == "the_Relu");
  CHECK(o.message == "input 'nowhere' is not defined");
  CHECK(outcome(graph_with(field(1, node("Relu", {"x"}, {"t"})))).message == "output 'y' is not defined");
  CHECK(outcome(graph_with(field(1, node("Relu", {"x"}, {"y"})) + field(1, node("Neg", {"x"}, {"y"})))).message == "value 'y' is defined twice");
  CHECK(outcome(graph_with(field(1, node("Relu", {"x"}, {"y"})), field(11, value("x")))).message == "value 'x' is defined twice");
  o = outcome(graph_with(field(1, node("Relu", {"z"}, {"y"})) + field(1, node("Neg", {"y"}, {"z"}))));
  CHECK(o.message == "the graph has a cycle");
  CHECK(outcome(model(field(11, value("x")))).code == Code{0});  // no nodes, no outputs: empty but sound
  CHECK(outcome("").message.find("no graph") != std::string::npos);
  // not in order: sorted
  CHECK(outcome(graph_with(field(1, node("Relu", {"t"}, {"y"})) + field(1, node("Neg", {"x"}, {"t"})))).code == Code{0});
}

TEST_CASE("bad tensors are refused before memory is taken") {
  auto with = [](const std::string& init) {
    return model(field(1, node("Add", {"x", "w"}, {"y"})) + field(11, value("x")) + field(12, value("y")) + init);
  };
  std::string raw16 = field(9, std::string(16, '\1'));
  CHECK(outcome(with(initializer("w", {4}, 1, raw16))).code == Code{0});
  Outcome o = outcome(with(initializer("w", {5}, 1, raw16)));
  CHECK(o.code == Code::format);
  CHECK(o.message == "tensor 'w': has 16 raw bytes, shape [5] of float32 needs 20");
  CHECK(outcome(with(initializer("w", {4}, 99, raw16))).message == "tensor 'w': has unknown data type 99");
  CHECK(outcome(with(initializer("w", {4}, 0, raw16))).code == Code::format);
  CHECK(outcome(with(initializer("w", {-1}, 1, raw16))).code == Code::shape);
  CHECK(outcome(with(initializer("w", {int64_t{1} << 40}, 1, raw16))).code == Code::format);
  CHECK(outcome(with(initializer("w", {int64_t{1} << 40}, 1, {}))).code == Code::format);
  CHECK(outcome(with(initializer("w", {int64_t{1} << 62, 4}, 1, raw16))).code == Code::limit);
  CHECK(outcome(with(initializer("w", {int64_t{1} << 32, int64_t{1} << 32}, 1, {}))).code == Code::limit);
  CHECK(outcome(with(initializer("w", std::vector<int64_t>(65, 1), 1, field(9, std::string(4, '\0'))))).code == Code::limit);
  CHECK(outcome(with(initializer("w", {2}, 8, raw16))).code == Code::format);  // strings in raw data
  CHECK(outcome(with(initializer("w", {4}, 1, raw16) + initializer("w", {4}, 1, raw16))).code == Code::format);
  CHECK(outcome(with(initializer("x", {4}, 7, field(9, std::string(32, '\0'))))).code == Code::type);  // input of another dtype
  CHECK(outcome(with(initializer("w", {4}, 1, raw16 + field(3, number(1, 0))))).code == Code::unsupported);
}

TEST_CASE("limits hold on both sides") {
  std::string seed = relu_model();
  onnx::ReadOptions o;
  o.limits.file_bytes = static_cast<int64_t>(seed.size());
  CHECK(outcome(seed, o).code == Code{0});
  --o.limits.file_bytes;
  CHECK(outcome(seed, o).code == Code::limit);
  o = {};
  o.limits.nodes = 1;
  CHECK(outcome(seed, o).code == Code{0});
  o.limits.nodes = 0;
  CHECK(outcome(seed, o).code == Code::limit);
  o = {};
  o.limits.name_bytes = 8;  // "the_Relu"
  CHECK(outcome(seed, o).code == Code{0});
  o.limits.name_bytes = 7;
  CHECK(outcome(seed, o).code == Code::limit);
  std::string weights = model(field(1, node("Add", {"x", "w"}, {"y"})) + field(11, value("x")) + field(12, value("y")) +
                              initializer("w", {4}, 1, field(9, std::string(16, '\1'))));
  o = {};
  o.limits.tensor_bytes = 16;
  CHECK(outcome(weights, o).code == Code{0});
  o.limits.tensor_bytes = 15;
  CHECK(outcome(weights, o).code == Code::limit);
  o = {};
  o.limits.total_bytes = 15;
  CHECK(outcome(weights, o).code == Code::limit);
}

TEST_CASE("nesting is bounded: subgraphs, groups, types, sequences") {
  auto nested = [](int depth) {
    std::string graph = field(1, node("Relu", {"x"}, {"b"})) + field(12, value("b"));
    for (int i = 0; i < depth; ++i) {
      std::string branch = field(5, field(1, "then_branch") + field(6, graph) + number(20, 5));
      graph = field(1, node("If", {"x"}, {"b"}, branch)) + field(12, value("b"));
    }
    return model(graph + field(11, value("x")));
  };
  CHECK(outcome(nested(5)).code == Code{0});
  CHECK(outcome(nested(30)).code == Code{0});
  CHECK(outcome(nested(40)).code == Code::limit);
  CHECK(outcome(nested(3000)).code == Code::limit);
  std::string groups(200000, '\x0b');  // field 1, start of group, over and over
  CHECK(outcome(groups).code == Code::format);
  CHECK(outcome(model(groups)).code == Code::format);
  std::string type = field(1, number(1, 1));
  for (int i = 0; i < 5000; ++i) type = field(4, field(1, type));  // sequence of sequence of ...
  CHECK(outcome(model(field(11, field(1, "x") + field(2, type)))).code != Code{0});
  std::string sequence = number(2, 1);
  for (int i = 0; i < 1000; ++i) sequence = field(5, sequence);
  CHECK_THROWS_AS(onnx::parse_sequence(sequence, "bytes"), Error);
}

TEST_CASE("the deepest nesting allowed fits a stack of 256 KiB") {
  std::string graph = field(1, node("Relu", {"x"}, {"b"})) + field(12, value("b"));
  for (int i = 0; i < 31; ++i) {
    std::string branch = field(6, graph) + number(20, 5);
    graph = field(1, node("If", {"x"}, {"b"},
                          field(5, field(1, "then_branch") + branch) + (i < 8 ? field(5, field(1, "else_branch") + branch) : std::string()))) +
            field(12, value("b"));
  }
  std::string bytes = model(graph + field(11, value("x")));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, k_stack_bytes) == 0);
  auto work = [](void* data) -> void* {
    try {
      onnx::write_bytes(onnx::read_bytes(*static_cast<std::string*>(data)));
      return data;
    } catch (const Error&) { return nullptr; }
  };
  pthread_t thread;
  REQUIRE(pthread_create(&thread, &attributes, work, &bytes) == 0);
  void* result = nullptr;
  pthread_join(thread, &result);
  pthread_attr_destroy(&attributes);
  CHECK(result == &bytes);
}

TEST_CASE("functions: cycles, doubling chains and missing attributes") {
  auto function = [](const std::string& name, const std::string& body) {
    return field(25, field(1, name) + field(4, "a") + field(5, "b") + body + field(9, number(2, 17)) + field(9, field(1, "own") + number(2, 1)) +
                         field(10, "own"));
  };
  auto call = [](const std::string& name, const std::string& in, const std::string& out) {
    return field(7, node(name, {in}, {out}) + field(7, "own"));
  };
  std::string main_graph = field(1, node("f0", {"x"}, {"y"}) + field(7, "own")) + field(11, value("x")) + field(12, value("y"));
  CHECK(outcome(model(main_graph, function("f0", call("f0", "a", "b")))).message.find("calls itself") != std::string::npos);
  CHECK(outcome(model(main_graph, function("f0", call("f1", "a", "b")) + function("f1", call("f0", "a", "b")))).code == Code::format);
  CHECK(outcome(model(main_graph, function("f0", call("f1", "a", "b")) + function("f1", field(7, node("Neg", {"a"}, {"b"}))))).code == Code{0});
  // f0 calls f1 twice, f1 calls f2 twice ...: 2^24 nodes out of 2 kB
  std::string chain;
  for (int i = 0; i < 24; ++i) chain += function(text("f", i), call(text("f", i + 1), "a", "t") + call(text("f", i + 1), "t", "b"));
  chain += function("f24", field(7, node("Neg", {"a"}, {"b"})));
  int64_t before = current_rss();
  CHECK(outcome(model(main_graph, chain)).code == Code::limit);
  CHECK(current_rss() - before < 64 << 20);
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += function(text("f", i), call(text("f", i + 1), "a", "b"));
  deep += function("f100", field(7, node("Neg", {"a"}, {"b"})));
  CHECK(outcome(model(main_graph, deep)).code == Code::limit);
  CHECK(outcome(model(main_graph, function("f0", field(7, node("Neg", {"b"}, {"b"}))))).code == Code::format);  // uses its own result
  CHECK(outcome(model(main_graph, function("f0", field(7, node("Neg", {"a"}, {"c"}))))).code == Code::format);  // output not made
}

TEST_CASE("sparse tensors do not unfold out of proportion") {
  auto sparse = [](const std::vector<uint64_t>& dims, const std::string& indices) {
    std::string values = number(1, 2) + number(2, 1) + field(8, "w") + field(9, std::string(8, '\1'));
    std::string s = field(1, values) + field(2, number(1, 2) + number(2, 7) + field(9, indices));
    for (uint64_t d : dims) s += number(3, d);
    return model(field(1, node("Add", {"x", "w"}, {"y"})) + field(11, value("x")) + field(12, value("y")) + field(15, s));
  };
  std::string one_three = std::string("\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0", 16), far = std::string("\1\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0", 16),
              negative = std::string(16, '\xff');
  CHECK(outcome(sparse({4}, one_three)).code == Code{0});
  CHECK(outcome(sparse({4}, far)).code == Code::format);
  CHECK(outcome(sparse({4}, negative)).code == Code::format);
  CHECK(outcome(sparse({1 << 20, 1 << 20}, one_three)).code == Code::limit);
  CHECK(outcome(sparse({uint64_t{1} << 62, uint64_t{1} << 62}, one_three)).code == Code::limit);
}

TEST_CASE("external data: ranges, links and paths are checked") {
  TempFolder folder;
  std::filesystem::create_directories(folder.path / "m");
  write_file(folder / "m/w.bin", std::string(64, '\1'));
  write_file(folder / "secret", std::string(64, '\2'));
  std::filesystem::create_symlink("../secret", folder.path / "m/link");
  auto entry = [](const std::string& k, const std::string& v) { return field(13, field(1, k) + field(2, v)); };
  auto load = [&](const std::string& location, const std::string& offset, const std::string& length, const std::string& more = {}) {
    std::string init = initializer("w", {4}, 1,
                                   entry("location", location) + (offset.empty() ? "" : entry("offset", offset)) +
                                       (length.empty() ? "" : entry("length", length)) + number(14, 1));
    std::string bytes = model(field(1, node("Add", {"x", "w"}, {"y"})) + field(11, value("x")) + field(12, value("y")) + init + more);
    write_file(folder / "m/model.onnx", bytes);
    try {
      onnx::read(folder / "m/model.onnx");
    } catch (const Error& e) {
      CHECK(e.message().find(folder / "m/model.onnx") != std::string::npos);
      return e.code();
    }
    return Code{0};
  };
  CHECK(load("w.bin", "", "") == Code{0});
  CHECK(load("w.bin", "48", "16") == Code{0});
  CHECK(load("w.bin", "49", "16") == Code::format);
  CHECK(load("w.bin", "-4", "16") == Code::format);
  CHECK(load("w.bin", "9223372036854775807", "16") == Code::limit);
  CHECK(load("w.bin", "99999999999999999999", "16") == Code::format);
  CHECK(load("w.bin", "0x10", "16") == Code::format);
  CHECK(load("w.bin", "0", "15") == Code::format);
  CHECK(load("w.bin", "0", "1000000000000") == Code::format);
  CHECK(load("../secret", "", "") == Code::format);
  CHECK(load("link", "", "") == Code::format);
  CHECK(load("/etc/passwd", "", "") == Code::format);
  CHECK(load("none.bin", "", "") == Code::not_found);
  CHECK(load("", "", "") == Code::format);
  // the same range twice is a tied weight, an overlap is not
  auto second = [&](const char* offset) { return initializer("v", {4}, 1, entry("location", "w.bin") + entry("offset", offset) + number(14, 1)); };
  CHECK(load("w.bin", "0", "16", second("0")) == Code{0});
  CHECK(load("w.bin", "0", "16", second("16")) == Code{0});
  CHECK(load("w.bin", "0", "16", second("8")) == Code::format);
}

TEST_CASE("a subgraph input that is also an initializer is refused") {
  std::string body =
      field(1, node("Relu", {"s"}, {"o"})) + field(11, value("s")) + field(12, value("o")) + initializer("s", {1}, 1, field(9, std::string(4, '\0')));
  std::string loop = node("Loop", {"", "", "x"}, {"y"}, field(5, field(1, "body") + field(6, body) + number(20, 5)));
  CHECK(outcome(model(field(1, loop) + field(11, value("x")) + field(12, value("y")))).code == Code::format);
}

TEST_CASE("names that are not text come back as they were and are cleaned in messages") {
  std::string odd("a\0\xff\x1b[31m", 8);
  std::string bytes = model(field(1, node("Relu", {odd}, {"y"})) + field(11, value(odd)) + field(12, value("y")));
  graph::Model m = onnx::read_bytes(bytes);
  CHECK(m.graph.value(m.graph.inputs[0]).name == odd);
  CHECK(onnx::write_bytes(onnx::read_bytes(onnx::write_bytes(m))) == onnx::write_bytes(m));
  Outcome o = outcome(model(field(1, node("Relu", {odd}, {"y"})) + field(12, value("y"))));
  CHECK(o.message == "input 'a???[31m' is not defined");
}

TEST_CASE("a map with keys of no type there is reads as one of unknown keys, and is written the same ever after") {
  std::string x = field(1, "x") + field(2, field(5, number(1, 67) + field(2, field(1, number(1, 1)))));
  graph::Model m = onnx::read_bytes(model(field(1, node("Identity", {"x"}, {"y"})) + field(2, "g") + field(11, x) + field(12, value("y"))));
  CHECK(m.graph.value(m.graph.inputs[0]).type.kind == graph::Type::Kind::map);
  CHECK(m.graph.value(m.graph.inputs[0]).type.dtype == DType::undefined);
  std::string bytes = onnx::write_bytes(m);
  CHECK(onnx::write_bytes(onnx::read_bytes(bytes)) == bytes);
}
