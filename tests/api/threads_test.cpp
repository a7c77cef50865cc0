// What the C interface lets several threads share: a model, a session, a control. Mostly for ./check.sh tsan, which sees what a wrong result does not show.
#include <atomic>
#include <chrono>
#include <thread>

#include "support.h"

using namespace api_test;

namespace {

constexpr int k_threads = 4;

template <class Work>
void on_threads(Work work) {
  std::vector<std::thread> threads;
  for (int t = 0; t < k_threads; ++t) threads.emplace_back([&, t] { work(t); });
  for (std::thread& t : threads) t.join();
}

// 96 x 96 weights: enough for steps that are shared out.
std::string wide_text() {
  std::string weights;
  for (int i = 0; i < 96 * 96; ++i) weights += (i ? ", " : "") + std::to_string(i * 7 % 31 - 15);
  return "(float32[batch, 96] x) -> (y) { w = const float32[96, 96] {" + weights + "}; h = MatMul(x, w); r = Relu(h); y = MatMul(r, w); }";
}

Own<mo_tensors> rows(int64_t n, float first) {
  std::vector<float> x(static_cast<size_t>(n * 96));
  for (size_t i = 0; i < x.size(); ++i) x[i] = first + static_cast<float>(i % 13) / 8;
  return named("x", floats({n, 96}, x));
}

Own<mo_options> options(const char* of, const std::string& json) {
  auto o = make<mo_options>([&](mo_options** out) { return mo_options_create(of, out); });
  ok(mo_options_parse(o.get(), json.c_str()));
  return o;
}

std::vector<float> run(mo_session* s, const mo_tensors* in) {
  mo_tensors* out = nullptr;
  mo_tensor* y = nullptr;
  std::vector<float> result;
  if (!caught(mo_session_run(s, in, nullptr, &out)).code && !caught(mo_tensors_get(out, "y", &y)).code) {
    result.resize(static_cast<size_t>(mo_tensor_bytes(y) / 4));
    mo_error_free(mo_tensor_read(y, result.data(), mo_tensor_bytes(y)));
  }
  mo_tensor_free(y);
  mo_tensors_free(out);
  return result;
}

}  // namespace

TEST_CASE("sessions are made of one model, run and freed on several threads at once") {
  auto m = model(wide_text().c_str());
  auto o = options("session", R"({"threads": 2})");
  auto in = rows(64, 1);
  auto first = make<mo_session>([&](mo_session** out) { return mo_session_create(m.get(), o.get(), out); });
  const std::vector<float> want = run(first.get(), in.get());
  REQUIRE(want.size() == 64 * 96);
  std::atomic<int> wrong{0};
  on_threads([&](int) {
    for (int i = 0; i < 3; ++i) {
      mo_session* mine = nullptr;
      wrong += caught(mo_session_create(m.get(), o.get(), &mine)).code != MO_OK;
      wrong += run(mine, in.get()) != want;
      wrong += run(first.get(), in.get()) != want;
      mo_session_free(mine);
    }
  });
  CHECK(wrong.load() == 0);
}

TEST_CASE("one model is quantized on several threads at once, while it runs, to the same bytes") {
  auto m = model(wide_text().c_str());
  const Own<mo_options> kinds[] = {options("quantize", R"({"mode": "weight_only", "precision": "int4"})"),
                                   options("quantize", R"({"precision": "fp16"})")};
  auto in = rows(3, 2);
  std::vector<std::string> bytes(k_threads);
  std::atomic<int> wrong{0};
  on_threads([&](int t) {
    int calls = 0;  // no lock: calls of one control never come two at once
    auto count = [](void* user, const char*, int64_t, int64_t) -> int32_t { return ++*static_cast<int*>(user), 0; };
    mo_control* control = nullptr;
    wrong += caught(mo_control_create(count, &calls, &control)).code != MO_OK;
    for (const Own<mo_options>& kind : kinds) {
      mo_model* made = nullptr;
      mo_buffer* buffer = nullptr;
      mo_session* s = nullptr;
      wrong += caught(mo_quantize(m.get(), nullptr, kind.get(), control, &made, nullptr)).code != MO_OK;
      wrong += caught(mo_model_save_bytes(made, nullptr, &buffer)).code != MO_OK;
      if (buffer) bytes[static_cast<size_t>(t)].append(static_cast<const char*>(mo_buffer_data(buffer)), static_cast<size_t>(mo_buffer_size(buffer)));
      wrong += caught(mo_session_create(m.get(), nullptr, &s)).code != MO_OK;
      wrong += run(s, in.get()).size() != 3 * 96;
      mo_session_free(s);
      mo_buffer_free(buffer);
      mo_model_free(made);
    }
    wrong += calls == 0;
    mo_control_free(control);
  });
  CHECK(wrong.load() == 0);
  CHECK(!bytes[0].empty());
  for (const std::string& b : bytes) CHECK(b == bytes[0]);
}

TEST_CASE("a run that would not end is cancelled, or meets its deadline, from another thread") {
  auto m = model(
      "(float32[2] x, int64[] turns) -> (y) { go = const bool[] {1}; half = const float32[] {0.5};"
      " y = Loop<body=(int64[] j, bool[] g, float32[2] v) -> (more, next) { s = Mul(v, half); next = Add(s, x); more = Identity(g); }>(turns, go, "
      "x); }");
  auto s = make<mo_session>([&](mo_session** out) { return mo_session_create(m.get(), nullptr, out); });
  auto in = named("x", floats({2}, {1, 2}));
  const int64_t turns = int64_t{1} << 60;
  auto count = make<mo_tensor>([&](mo_tensor** out) { return mo_tensor_create(MO_DTYPE_INT64, nullptr, 0, &turns, sizeof turns, out); });
  ok(mo_tensors_set(in.get(), "turns", count.get()));
  for (bool cancel : {true, false}) {
    auto control = make<mo_control>([](mo_control** out) { return mo_control_create(nullptr, nullptr, out); });
    std::atomic<int> ended{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t)
      threads.emplace_back([&] {
        mo_tensors* out = nullptr;
        ended += caught(mo_session_run(s.get(), in.get(), control.get(), &out)).code == (cancel ? MO_ERR_CANCELLED : MO_ERR_DEADLINE);
      });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (cancel) mo_control_cancel(control.get());
    else CHECK(mo_control_set_deadline(control.get(), 1e-3) == nullptr);
    for (std::thread& t : threads) t.join();
    CHECK(ended.load() == 2);
  }
}
