// Models across the C interface: bytes in and out, description, digest, metadata, ports.
#include <nlohmann/json.hpp>

#include "support.h"

using namespace api_test;
using Json = nlohmann::json;

namespace {

const char* k_text = "(float32[batch, 2] x) -> (y) { w = const float32[2, 2] {1, 2, 3, 4}; fc: t = MatMul(x, w); act: y = Relu(t); }";

std::string digest(const Own<mo_model>& m) {
  return mo_buffer_text(make<mo_buffer>([&](mo_buffer** out) { return mo_model_digest(m.get(), out); }).get());
}
Json describe(const Own<mo_model>& m) {
  return Json::parse(mo_buffer_text(make<mo_buffer>([&](mo_buffer** out) { return mo_model_describe_json(m.get(), out); }).get()));
}
Own<mo_buffer> bytes(const Own<mo_model>& m) {
  return make<mo_buffer>([&](mo_buffer** out) { return mo_model_save_bytes(m.get(), nullptr, out); });
}

}  // namespace

TEST_CASE("a description counts nodes, weights and multiply-adds") {
  Json j = describe(model(k_text));
  CHECK(j["nodes"] == 2);
  CHECK(j["operators"]["MatMul"] == 1);
  CHECK(j["parameters"] == 4);
  CHECK(j["parameter_bytes"] == 16);
  CHECK(j["bytes_by_dtype"]["float32"] == 16);
  CHECK(j["macs"] == 4);  // [1, 2] x [2, 2]
  CHECK(j["macs_free_axes"] == Json::array({"x[0]"}));
  CHECK(j["inputs"][0]["shape"] == Json::array({"batch", 2}));
  CHECK(j["digest"].get<std::string>().starts_with("sha256:"));
}

TEST_CASE("ports say what goes in and out") {
  auto m = model(k_text);
  REQUIRE(mo_model_input_count(m.get()) == 1);
  const mo_port* x = mo_model_input(m.get(), 0);
  CHECK(std::string(mo_port_name(x)) == "x");
  CHECK(mo_port_dtype(x) == MO_DTYPE_FLOAT32);
  REQUIRE(mo_port_rank(x) == 2);
  CHECK(mo_port_dims(x)[0] == -1);
  CHECK(mo_port_dims(x)[1] == 2);
  CHECK(mo_port_optional(x) == 0);
  CHECK(mo_model_output_count(m.get()) == 1);
  CHECK(mo_model_input(m.get(), 1) == nullptr);
  CHECK(mo_model_output(m.get(), -1) == nullptr);
  CHECK(mo_port_rank(nullptr) == -1);
  CHECK(std::string(mo_port_name(nullptr)).empty());
}

TEST_CASE("the digest is the same after saving and loading, and differs with any change") {
  auto m = model(k_text);
  auto saved = bytes(m);
  auto load = [&](const Own<mo_buffer>& b) {
    return make<mo_model>(
        [&](mo_model** out) { return mo_model_load_bytes(mo_buffer_data(b.get()), mo_buffer_size(b.get()), nullptr, nullptr, out); });
  };
  auto once = load(saved), twice = load(bytes(once));
  CHECK(digest(once) == digest(twice));
  auto other = model("(float32[batch, 2] x) -> (y) { w = const float32[2, 2] {1, 2, 3, 5}; fc: t = MatMul(x, w); act: y = Relu(t); }");
  CHECK(digest(other) != digest(m));
}

TEST_CASE("metadata make a new model and leave the old one") {
  auto m = model(k_text);
  auto with = make<mo_model>([&](mo_model** out) { return mo_model_metadata_set(m.get(), "licence", "CC0", out); });
  mo_buffer* none = nullptr;
  CHECK(caught(mo_model_metadata_get(m.get(), "licence", &none)).code == MO_ERR_NOT_FOUND);
  auto value = make<mo_buffer>([&](mo_buffer** out) { return mo_model_metadata_get(with.get(), "licence", out); });
  CHECK(std::string(mo_buffer_text(value.get())) == "CC0");
  CHECK(digest(with) != digest(m));
  auto without = make<mo_model>([&](mo_model** out) { return mo_model_metadata_set(with.get(), "licence", nullptr, out); });
  CHECK(digest(without) == digest(m));
}

TEST_CASE("garbage, truncated and empty bytes are errors") {
  mo_model* m = nullptr;
  auto whole = bytes(model(k_text));
  auto* data = static_cast<const char*>(mo_buffer_data(whole.get()));
  int loaded = 0;
  for (int64_t size = 0; size < mo_buffer_size(whole.get()); ++size) {
    m = nullptr;
    mo_error* e = mo_model_load_bytes(data, size, nullptr, nullptr, &m);
    CHECK((e != nullptr) != (m != nullptr));
    loaded += m != nullptr;
    mo_error_free(e);
    mo_model_free(m);
  }
  CHECK(loaded < mo_buffer_size(whole.get()) / 2);
  CHECK(caught(mo_model_load_bytes("not a model at all", 18, nullptr, nullptr, &m)).code != MO_OK);
  CHECK(caught(mo_model_load_bytes(nullptr, 10, nullptr, nullptr, &m)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_model_load_bytes(data, -1, nullptr, nullptr, &m)).code == MO_ERR_INVALID_ARGUMENT);
}

TEST_CASE("files that are not there or may not be are named") {
  mo_model* m = nullptr;
  Caught c = caught(mo_model_load("no/such/model.onnx", nullptr, &m));
  CHECK(c.code == MO_ERR_NOT_FOUND);
  CHECK(has(c.message, "no/such/model.onnx"));
  CHECK(caught(mo_model_load("", nullptr, &m)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_model_load("/", nullptr, &m)).code != MO_OK);
  auto small = model(k_text);
  CHECK(caught(mo_model_save(small.get(), "no/such/folder/m.onnx", nullptr)).code != MO_OK);
  CHECK(caught(mo_model_save(small.get(), "/", nullptr)).code != MO_OK);
}

TEST_CASE("a limit refuses before reading and an option raises it") {
  auto whole = bytes(model(k_text));
  auto o = make<mo_options>([](mo_options** out) { return mo_options_create("load", out); });
  ok(mo_options_set_int(o.get(), "max_nodes", 1));
  mo_model* m = nullptr;
  CHECK(caught(mo_model_load_bytes(mo_buffer_data(whole.get()), mo_buffer_size(whole.get()), nullptr, o.get(), &m)).code == MO_ERR_LIMIT);
  ok(mo_options_set_int(o.get(), "max_nodes", 2));
  ok(mo_model_load_bytes(mo_buffer_data(whole.get()), mo_buffer_size(whole.get()), nullptr, o.get(), &m));
  mo_model_free(m);
}
