// Searches through the C interface: a caller's metric, a data set's, errors.
#include <nlohmann/json.hpp>
#include <random>

#include "api/model.h"
#include "support.h"
#include "support/temp_folder.h"

using namespace api_test;
using Json = nlohmann::json;

namespace {

// The second product has one huge weight, which costs the others their resolution when there is one scale for all.
const char* k_text =
    "(float32[batch, 4] x) -> (y) { w1 = const float32[4, 4] {1, -1, .5, -.5, 1, -1, .25, .1, 1, -1, .5, -.5, 1, -1, .25, .1};"
    "w2 = const float32[4, 4] {900, -.1, .2, -.3, .1, -.2, .3, .4, .1, -.1, .2, .3, .2, .3, -.1, .2}; w3 = const float32[4, 2] {0, 0, 1, -1, 1, -1, "
    "1, -1};"
    "fc1: a = MatMul(x, w1); r: b = Relu(a); fc2: c = MatMul(b, w2); s: d = Relu(c); fc3: y = MatMul(d, w3); }";

struct Bench {
  Own<mo_model> m = model(k_text);
  Own<mo_dataset> data;
  Own<mo_calibration> calibration;
  Own<mo_options> quantize, goal;

  Bench() {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<float> x(64 * 4);
    for (float& v : x) v = normal(random);
    std::vector<int64_t> labels(64);
    for (size_t i = 0; i < 64; ++i) labels[i] = static_cast<int64_t>(i % 2);
    auto arrays = named("x", floats({64, 4}, x));
    int64_t dims[1] = {64};
    auto label = make<mo_tensor>([&](mo_tensor** out) { return mo_tensor_create(MO_DTYPE_INT64, dims, 1, labels.data(), 64 * 8, out); });
    ok(mo_tensors_set(arrays.get(), "label", label.get()));
    data = make<mo_dataset>([&](mo_dataset** out) { return mo_dataset_create(arrays.get(), nullptr, out); });
    calibration = make<mo_calibration>([&](mo_calibration** out) { return mo_calibration_create(m.get(), nullptr, out); });
    ok(mo_calibration_feed(calibration.get(), named("x", floats({64, 4}, x)).get(), nullptr));
    quantize = make<mo_options>([](mo_options** out) { return mo_options_create("quantize", out); });
    ok(mo_options_parse(quantize.get(), R"({"granularity": "per_tensor"})"));
    goal = make<mo_options>([](mo_options** out) { return mo_options_create("goal", out); });
    ok(mo_options_parse(goal.get(), R"({"max_drop": 0.1, "keep_slower": true, "threads": 1})"));
  }
};

int64_t int8_bytes(const mo_model* m) {
  auto text = make<mo_buffer>([&](mo_buffer** out) { return mo_model_describe_json(m, out); });
  return Json::parse(mo_buffer_text(text.get()))["bytes_by_dtype"].value("int8", int64_t{0});
}

std::string digest(const mo_model* m) {
  return mo_buffer_text(make<mo_buffer>([&](mo_buffer** out) { return mo_model_digest(m, out); }).get());
}

// 1 while the ruined product (16 weights) is in float.
int32_t without_fc2(void* user, const mo_model* candidate, double* value) {
  ++*static_cast<int*>(user);
  int64_t bytes = int8_bytes(candidate);  // 16 of the first, 16 of the second, 8 of the third
  *value = bytes == 24 || bytes == 8 || bytes == 0 ? 1 : 0;
  return 0;
}

int32_t refusing(void*, const mo_model*, double*) { return 7; }

}  // namespace

TEST_CASE("a caller's metric decides which node goes back to float") {
  Bench b;
  int asked = 0;
  mo_model* made = nullptr;
  mo_report* report = nullptr;
  ok(mo_quantize_to_goal(b.m.get(), b.calibration.get(), nullptr, without_fc2, &asked, b.quantize.get(), b.goal.get(), nullptr, &made, &report));
  Own<mo_model> owner(made);
  Own<mo_report> owned(report);
  CHECK(mo_report_passed(report) == 1);
  Json j = Json::parse(mo_report_json(report));
  CHECK(j["search"]["evaluations"] == asked);
  CHECK(j["search"]["met"] == true);
  CHECK(j["search"]["units"][1]["precision"] == "fp32");
  CHECK(has(j["search"]["units"][1]["reason"].get<std::string>(), "caller's metric"));
  CHECK(j["search"]["units"][0]["precision"] == "int8");
  CHECK(int8_bytes(made) == 24);
  CHECK(has(mo_report_text(report), "given back to float"));
}

TEST_CASE("the search's error paths: a refusing callback, a limit without a metric, a cancelled control, NULL") {
  Bench b;
  mo_model* made = nullptr;
  mo_report* report = nullptr;
  auto call = [&](mo_metric_fn metric, const mo_options* goal, mo_control* control) {
    return caught(mo_quantize_to_goal(b.m.get(), b.calibration.get(), nullptr, metric, nullptr, b.quantize.get(), goal, control, &made, &report))
        .code;
  };
  CHECK(call(refusing, b.goal.get(), nullptr) == MO_ERR_CALLBACK);
  CHECK(call(nullptr, b.goal.get(), nullptr) == MO_ERR_INVALID_ARGUMENT);
  auto control = make<mo_control>([](mo_control** out) { return mo_control_create(nullptr, nullptr, out); });
  mo_control_cancel(control.get());
  CHECK(call(refusing, b.goal.get(), control.get()) == MO_ERR_CANCELLED);
  CHECK(caught(mo_quantize_to_goal(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &made, &report)).code ==
        MO_ERR_INVALID_ARGUMENT);
  auto wrong = make<mo_options>([](mo_options** out) { return mo_options_create("goal", out); });
  ok(mo_options_parse(wrong.get(), R"({"precisions": ["int5"]})"));
  CHECK(call(nullptr, wrong.get(), nullptr) == MO_ERR_INVALID_ARGUMENT);
  CHECK(made == nullptr);
  CHECK(report == nullptr);
}

TEST_CASE("sensitivities name the ruined product first") {
  Bench b;
  auto r = make<mo_report>([&](mo_report** out) {
    return mo_sensitivity(b.m.get(), b.calibration.get(), nullptr, nullptr, nullptr, b.quantize.get(), nullptr, nullptr, out);
  });
  Json j = Json::parse(mo_report_json(r.get()));
  REQUIRE(j["units"].size() == 3);
  CHECK(j["units"][0]["unit"] == "fc2");
  auto o = make<mo_options>([](mo_options** out) { return mo_options_create("sensitivity", out); });
  ok(mo_options_parse(o.get(), R"({"sensitivity": {"measure": "metric"}, "metric": "cross_entropy"})"));
  Json by_metric = Json::parse(mo_report_json(make<mo_report>([&](mo_report** out) {
                                                return mo_sensitivity(b.m.get(), b.calibration.get(), b.data.get(), nullptr, nullptr,
                                                                      b.quantize.get(), o.get(), nullptr, out);
                                              }).get()));
  CHECK(by_metric["metric"] == "cross_entropy");
  CHECK(by_metric["units"][0].contains("drop"));
}

TEST_CASE("what a search decided is a scheme that mo_quantize follows to the same model") {
  Bench b;
  TempFolder folder;
  std::string path = folder / "scheme.json";
  ok(mo_options_set_string(b.quantize.get(), "save_scheme", path.c_str()));
  int asked = 0;
  mo_model *made = nullptr, *again = nullptr;
  ok(mo_quantize_to_goal(b.m.get(), b.calibration.get(), nullptr, without_fc2, &asked, b.quantize.get(), b.goal.get(), nullptr, &made, nullptr));
  Own<mo_model> owner(made);
  auto follow = make<mo_options>([](mo_options** out) { return mo_options_create("quantize", out); });
  ok(mo_options_set_string(follow.get(), "scheme", path.c_str()));
  ok(mo_quantize(b.m.get(), nullptr, follow.get(), nullptr, &again, nullptr));
  Own<mo_model> other(again);
  CHECK(digest(made) == digest(again));
}

TEST_CASE("a model that lists its weights among its inputs is timed like any other") {
  Bench b;
  mo::graph::Model m = b.m->model;
  for (const char* w : {"w1", "w2", "w3"}) m.graph.inputs.push_back(m.graph.find_value(w));
  mo_model listed(std::move(m));
  auto goal = make<mo_options>([](mo_options** out) { return mo_options_create("goal", out); });
  ok(mo_options_parse(goal.get(),
                      R"({"precisions": ["int8", "int4"], "max_size_ratio": 0.3, "keep_slower": true, "threads": 1, "timing": {"seconds": 0.001}})"));
  mo_model* made = nullptr;
  mo_report* report = nullptr;
  ok(mo_quantize_to_goal(&listed, b.calibration.get(), nullptr, nullptr, nullptr, nullptr, goal.get(), nullptr, &made, &report));
  Own<mo_model> owner(made);
  Own<mo_report> owned(report);
  CHECK(mo_report_passed(report) == 1);
}

TEST_CASE("mixes of precisions, nodes or blocks as units, are replayed elsewhere to the same bytes without searching") {
  Bench b;
  for (const char* wishes : {
           R"({"precisions": ["int8", "int4"], "max_size_ratio": 0.3})",
           R"({"precisions": ["int8", "fp16"], "max_size_ratio": 0.4})",
           R"({"precisions": ["int8", "int4_weights", "bf16"], "max_size_ratio": 0.5, "unit": "block"})",
           R"({"precisions": ["int8_dynamic", "int8_weights"], "max_size_ratio": 0.35})",
           R"({"precisions": ["int8"], "max_size_ratio": 0.6, "max_latency_ratio": 1000, "unit": "block"})",
       }) {
    CAPTURE(std::string(wishes));
    TempFolder folder;
    std::string path = folder / "scheme.json";
    auto quantize = make<mo_options>([](mo_options** out) { return mo_options_create("quantize", out); });
    ok(mo_options_set_string(quantize.get(), "save_scheme", path.c_str()));
    auto goal = make<mo_options>([](mo_options** out) { return mo_options_create("goal", out); });
    ok(mo_options_parse(goal.get(), R"({"keep_slower": true, "threads": 1, "timing": {"seconds": 0.001}})"));
    ok(mo_options_parse(goal.get(), wishes));
    mo_model *made = nullptr, *again = nullptr;
    mo_report* report = nullptr;
    ok(mo_quantize_to_goal(b.m.get(), b.calibration.get(), nullptr, nullptr, nullptr, quantize.get(), goal.get(), nullptr, &made, &report));
    Own<mo_model> owner(made);
    Own<mo_report> owned(report);
    CHECK(mo_report_passed(report) == 1);
    auto follow = make<mo_options>([](mo_options** out) { return mo_options_create("quantize", out); });
    ok(mo_options_set_string(follow.get(), "scheme", path.c_str()));
    // static 4-bit ranges were weighed by the samples, so they are needed again; the others need no data
    bool weighed = has(wishes, "\"int4\"");
    ok(mo_quantize(b.m.get(), weighed ? b.calibration.get() : nullptr, follow.get(), nullptr, &again, nullptr));
    Own<mo_model> other(again);
    CHECK(digest(made) == digest(again));
    CHECK(digest(made) != digest(b.m.get()));
  }
}
