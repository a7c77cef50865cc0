// Sessions across the C interface: names checked, outputs in place, shared by threads, errors that carry node and operator.
#include "api/session.h"

#include <nlohmann/json.hpp>
#include <thread>

#include "support.h"
#include "support/temp_folder.h"

using namespace api_test;
using Json = nlohmann::json;

namespace {

const char* k_text = "(float32[batch, 2] x) -> (y) { w = const float32[2, 2] {1, 2, 3, 4}; fc: t = MatMul(x, w); act: y = Relu(t); }";

Own<mo_session> session(const Own<mo_model>& m, const mo_options* options = nullptr) {
  return make<mo_session>([&](mo_session** out) { return mo_session_create(m.get(), options, out); });
}
Own<mo_tensor> get(const mo_tensors* ts, const char* name) {
  return make<mo_tensor>([&](mo_tensor** out) { return mo_tensors_get(ts, name, out); });
}

}  // namespace

TEST_CASE("a run takes and returns tensors by name") {
  auto m = model(k_text);
  auto s = session(m);
  m.reset();  // the session keeps what it needs
  auto in = named("x", floats({1, 2}, {1, -1}));
  auto out = make<mo_tensors>([&](mo_tensors** o) { return mo_session_run(s.get(), in.get(), nullptr, o); });
  REQUIRE(mo_tensors_count(out.get()) == 1);
  CHECK(values(get(out.get(), "y").get()) == std::vector<float>{0, 0});
  in = named("x", floats({2, 2}, {1, 0, 0, 1}));
  out = make<mo_tensors>([&](mo_tensors** o) { return mo_session_run(s.get(), in.get(), nullptr, o); });
  CHECK(values(get(out.get(), "y").get()) == std::vector<float>{1, 2, 3, 4});
}

TEST_CASE("a session straight from a file is the one of its model, and gives up what it packed") {
  TempFolder folder;
  const std::string path = folder / "m.onnx";
  auto m = model(k_text);
  ok(mo_model_save(m.get(), path.c_str(), nullptr));
  auto o = make<mo_options>([](mo_options** out) { return mo_options_create("session", out); });
  ok(mo_options_parse(o.get(), R"({"release_weights": true, "threads": 1})"));
  auto s = make<mo_session>([&](mo_session** out) { return mo_session_load(path.c_str(), nullptr, o.get(), out); });
  auto in = named("x", floats({2, 2}, {1, 0, 0, 1}));
  auto out = make<mo_tensors>([&](mo_tensors** made) { return mo_session_run(s.get(), in.get(), nullptr, made); });
  CHECK(values(get(out.get(), "y").get()) == std::vector<float>{1, 2, 3, 4});
  auto l = make<mo_options>([](mo_options** made) { return mo_options_create("load", made); });
  ok(mo_options_parse(l.get(), R"({"max_nodes": 1})"));
  mo_session* none = nullptr;
  CHECK(caught(mo_session_load(path.c_str(), l.get(), nullptr, &none)).code == MO_ERR_LIMIT);
  CHECK(caught(mo_session_load((path + "x").c_str(), nullptr, nullptr, &none)).code == MO_ERR_NOT_FOUND);
  CHECK(caught(mo_session_load(path.c_str(), o.get(), nullptr, &none)).code == MO_ERR_INVALID_ARGUMENT);  // options of another operation
  CHECK(caught(mo_session_load(nullptr, nullptr, nullptr, &none)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(none == nullptr);
}

TEST_CASE("missing, unknown, misshapen and mistyped inputs are told apart") {
  auto s = session(model(k_text));
  mo_tensors* out = nullptr;
  auto empty = make<mo_tensors>([](mo_tensors** o) { return mo_tensors_create(o); });
  Caught c = caught(mo_session_run(s.get(), empty.get(), nullptr, &out));
  CHECK(c.code == MO_ERR_NOT_FOUND);
  CHECK(has(c.message, "x"));
  auto extra = named("x", floats({1, 2}, {1, 1}));
  ok(mo_tensors_set(extra.get(), "z", floats({1}, {1}).get()));
  c = caught(mo_session_run(s.get(), extra.get(), nullptr, &out));
  CHECK(c.code == MO_ERR_NOT_FOUND);
  CHECK(has(c.message, "z"));
  CHECK(caught(mo_session_run(s.get(), named("x", floats({1, 3}, {1, 1, 1})).get(), nullptr, &out)).code == MO_ERR_SHAPE);
  int64_t dims[2] = {1, 2}, data[2] = {};
  auto ints = make<mo_tensor>([&](mo_tensor** o) { return mo_tensor_create(MO_DTYPE_INT64, dims, 2, data, 16, o); });
  CHECK(caught(mo_session_run(s.get(), named("x", ints).get(), nullptr, &out)).code == MO_ERR_TYPE);
  CHECK(out == nullptr);
}

TEST_CASE("an operator's objection carries node and operator") {
  auto m = model("(float32[n] x, int64[k] i) -> (y) { pick: y = Gather<axis=0>(x, i); }");
  auto s = session(m);
  auto in = named("x", floats({2}, {1, 2}));
  int64_t dims[1] = {1}, data[1] = {5};
  ok(mo_tensors_set(in.get(), "i", make<mo_tensor>([&](mo_tensor** o) { return mo_tensor_create(MO_DTYPE_INT64, dims, 1, data, 8, o); }).get()));
  mo_tensors* out = nullptr;
  Caught c = caught(mo_session_run(s.get(), in.get(), nullptr, &out));
  CHECK(c.code != MO_OK);
  CHECK(c.node == "pick");
  CHECK(c.op == "Gather");
}

TEST_CASE("run_into fills the caller's tensors in place and adds what is missing") {
  auto s = session(model(k_text));
  float memory[4] = {9, 9, 9, 9};
  int64_t dims[2] = {2, 2};
  auto view = make<mo_tensor>([&](mo_tensor** o) { return mo_tensor_view(MO_DTYPE_FLOAT32, dims, 2, memory, sizeof memory, o); });
  auto out = named("y", view);
  auto in = named("x", floats({2, 2}, {1, 0, 0, 1}));
  for (int i = 0; i < 3; ++i) {
    memory[0] = 9;
    ok(mo_session_run_into(s.get(), in.get(), nullptr, out.get()));
    CHECK(memory[0] == 1);
    CHECK(memory[3] == 4);
  }
  auto fresh = make<mo_tensors>([](mo_tensors** o) { return mo_tensors_create(o); });
  ok(mo_session_run_into(s.get(), in.get(), nullptr, fresh.get()));
  auto y = get(fresh.get(), "y");
  in = named("x", floats({2, 2}, {2, 0, 0, 2}));
  ok(mo_session_run_into(s.get(), in.get(), nullptr, fresh.get()));
  CHECK(values(get(fresh.get(), "y").get()) == std::vector<float>{2, 4, 6, 8});
}

TEST_CASE("run_into refuses wrong outputs and leaves them usable") {
  auto s = session(model(k_text));
  auto in = named("x", floats({1, 2}, {1, 1}));
  auto out = named("y", floats({3}, {1, 2, 3}));
  CHECK(caught(mo_session_run_into(s.get(), in.get(), nullptr, out.get())).code == MO_ERR_SHAPE);
  CHECK(values(get(out.get(), "y").get()) == std::vector<float>{1, 2, 3});
  out = named("nope", floats({1, 2}, {1, 2}));
  CHECK(caught(mo_session_run_into(s.get(), in.get(), nullptr, out.get())).code == MO_ERR_NOT_FOUND);
  CHECK(values(get(out.get(), "nope").get()) == std::vector<float>{1, 2});
}

TEST_CASE("one session serves many threads at once") {
  auto s = session(model(k_text));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      auto in = named("x", floats({1, 2}, {float(t), 0}));
      auto out = make<mo_tensors>([](mo_tensors** o) { return mo_tensors_create(o); });
      for (int i = 0; i < 200; ++i) {
        mo_error* e = mo_session_run_into(s.get(), in.get(), nullptr, out.get());
        if (e || values(get(out.get(), "y").get()) != std::vector<float>{float(t), 2 * float(t)}) ++wrong;
        mo_error_free(e);
      }
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("explain, profile and memory are JSON about the plan") {
  auto o = make<mo_options>([](mo_options** out) { return mo_options_create("session", out); });
  ok(mo_options_set_bool(o.get(), "prepare", 1));
  ok(mo_options_add_string(o.get(), "shapes", "x=3x2"));
  auto s = session(model(k_text), o.get());
  auto explain = make<mo_buffer>([&](mo_buffer** b) { return mo_session_explain_json(s.get(), b); });
  CHECK(Json::parse(mo_buffer_text(explain.get())).is_object());
  auto text = make<mo_buffer>([&](mo_buffer** b) { return mo_session_explain_text(s.get(), b); });
  CHECK(mo_buffer_size(text.get()) > 0);
  auto in = named("x", floats({3, 2}, {1, 2, 3, 4, 5, 6}));
  auto profile = make<mo_buffer>([&](mo_buffer** b) { return mo_session_profile_json(s.get(), in.get(), 2, b); });
  Json timed = Json::parse(mo_buffer_text(profile.get()));
  CHECK(timed["runs"] == 2);
  CHECK(timed["run_min_us"] <= timed["run_median_us"]);
  auto made_up = make<mo_buffer>([&](mo_buffer** b) { return mo_session_profile_json(s.get(), nullptr, 3, b); });
  CHECK(Json::parse(mo_buffer_text(made_up.get()))["runs"] == 3);
  auto memory = make<mo_buffer>([&](mo_buffer** b) { return mo_session_memory_json(s.get(), b); });
  CHECK(Json::parse(mo_buffer_text(memory.get()))["plans"] == 1);
  mo_buffer* none = nullptr;
  CHECK(caught(mo_session_profile_json(s.get(), in.get(), 0, &none)).code == MO_ERR_INVALID_ARGUMENT);
}

TEST_CASE("shapes that are none, or of no input, are refused") {
  auto m = model(k_text);
  for (const char* shape : {"x=", "x=ax2", "x=-1x2", "y=1x2", "x=1x", "=", "x=99999999999999999999"}) {
    auto o = make<mo_options>([](mo_options** out) { return mo_options_create("session", out); });
    ok(mo_options_add_string(o.get(), "shapes", shape));
    mo_session* s = nullptr;
    CHECK_MESSAGE(caught(mo_session_create(m.get(), o.get(), &s)).code != MO_OK, shape);
    CHECK(s == nullptr);
  }
}
