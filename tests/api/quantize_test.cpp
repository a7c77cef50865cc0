// The main job through the C interface: data set, calibration, quantize, evaluate, compare, benchmark, reports.
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "support.h"

using namespace api_test;
using Json = nlohmann::json;

namespace {

// Two classes told apart by the sign of the sum of four inputs.
const char* k_text =
    "(float32[batch, 4] x) -> (y) { w1 = const float32[4, 8] {"
    "1, -1, .5, -.5, 1, -1, .25, .1, 1, -1, .5, -.5, 1, -1, .25, .1, 1, -1, .5, -.5, 1, -1, .25, .1, 1, -1, .5, -.5, 1, -1, .25, .1};"
    "w2 = const float32[8, 2] {1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 0, 0, 0, 0};"
    "fc1: h = MatMul(x, w1); act: r = Relu(h); fc2: y = MatMul(r, w2); }";

struct Data {
  Own<mo_dataset> dataset;
  Data(int64_t n, const char* batch) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<float> x(static_cast<size_t>(n * 4));
    std::vector<int64_t> labels;
    for (int64_t i = 0; i < n; ++i) {
      float sum = 0;
      for (int64_t k = 0; k < 4; ++k) sum += x[static_cast<size_t>(i * 4 + k)] = normal(random);
      labels.push_back(sum > 0 ? 0 : 1);
    }
    auto arrays = named("x", floats({n, 4}, x));
    int64_t dims[1] = {n};
    auto label = make<mo_tensor>([&](mo_tensor** out) { return mo_tensor_create(MO_DTYPE_INT64, dims, 1, labels.data(), n * 8, out); });
    ok(mo_tensors_set(arrays.get(), "label", label.get()));
    auto o = make<mo_options>([](mo_options** out) { return mo_options_create("dataset", out); });
    ok(mo_options_set_string(o.get(), "batch_size", batch));
    dataset = make<mo_dataset>([&](mo_dataset** out) { return mo_dataset_create(arrays.get(), o.get(), out); });
  }
};

Own<mo_calibration> calibrated(const Own<mo_model>& m, const Data& d) {
  auto c = make<mo_calibration>([&](mo_calibration** out) { return mo_calibration_create(m.get(), nullptr, out); });
  while (true) {
    mo_tensors* batch = nullptr;
    ok(mo_dataset_next(d.dataset.get(), &batch, nullptr));
    if (!batch) break;
    Own<mo_tensors> owner(batch);
    ok(mo_calibration_feed(c.get(), batch, nullptr));
  }
  ok(mo_dataset_rewind(d.dataset.get()));
  return c;
}

struct Quantized {
  Own<mo_model> model;
  Own<mo_report> report;
};
Quantized quantized(const Own<mo_model>& m, const mo_calibration* c, const char* options = "{}") {
  auto o = make<mo_options>([](mo_options** out) { return mo_options_create("quantize", out); });
  ok(mo_options_parse(o.get(), options));
  mo_model* made = nullptr;
  mo_report* report = nullptr;
  ok(mo_quantize(m.get(), c, o.get(), nullptr, &made, &report));
  return {Own<mo_model>(made), Own<mo_report>(report)};
}

}  // namespace

TEST_CASE("static int8 through the C interface keeps the answers and shrinks the weights") {
  auto m = model(k_text);
  Data d(64, "8");
  auto c = calibrated(m, d);
  CHECK(mo_calibration_count(c.get()) == 64);
  Quantized q = quantized(m, c.get());
  Json j = Json::parse(mo_report_json(q.report.get()));
  CHECK(j["quantized"].get<int>() >= 2);
  CHECK(j["input_digest"] != j["output_digest"]);
  CHECK(j["output"]["bytes_by_dtype"].contains("int8"));
  CHECK(j["calibration_samples"] == 64);
  CHECK(has(mo_report_text(q.report.get()), "nodes quantized"));
  auto r = make<mo_report>([&](mo_report** out) { return mo_evaluate(q.model.get(), d.dataset.get(), nullptr, nullptr, out); });
  Json e = Json::parse(mo_report_json(r.get()));
  CHECK(e["metric"] == "top1");
  CHECK(e["samples"] == 64);
  CHECK(e["value"].get<double>() > 0.95);
}

TEST_CASE("a calibration takes in num_samples and leaves out the rest") {
  auto m = model(k_text);
  Data d(64, "8");
  auto o = make<mo_options>([](mo_options** out) { return mo_options_create("calibration", out); });
  ok(mo_options_set_int(o.get(), "num_samples", 20));
  auto c = make<mo_calibration>([&](mo_calibration** out) { return mo_calibration_create(m.get(), o.get(), out); });
  for (int64_t counted : {8, 16, 20, 20, 20}) {
    auto batch = make<mo_tensors>([&](mo_tensors** out) { return mo_dataset_next(d.dataset.get(), out, nullptr); });
    ok(mo_calibration_feed(c.get(), batch.get(), nullptr));
    CHECK(mo_calibration_count(c.get()) == counted);
  }
  Data same(20, "5");
  auto digest = [](const Own<mo_model>& x) {
    return std::string(mo_buffer_text(make<mo_buffer>([&](mo_buffer** out) { return mo_model_digest(x.get(), out); }).get()));
  };
  CHECK(digest(quantized(m, c.get()).model) == digest(quantized(m, calibrated(m, same).get()).model));
}

TEST_CASE("fp16 needs no calibration, int8 without one is refused") {
  auto m = model(k_text);
  Quantized q = quantized(m, nullptr, R"({"precision": "fp16"})");
  CHECK(Json::parse(mo_report_json(q.report.get()))["output"]["bytes_by_dtype"].contains("float16"));
  mo_model* none = nullptr;
  mo_report* report = nullptr;
  CHECK(caught(mo_quantize(m.get(), nullptr, nullptr, nullptr, &none, &report)).code == MO_ERR_INVALID_ARGUMENT);
  auto empty = make<mo_calibration>([&](mo_calibration** out) { return mo_calibration_create(m.get(), nullptr, out); });
  CHECK(caught(mo_quantize(m.get(), empty.get(), nullptr, nullptr, &none, &report)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(none == nullptr);
  CHECK(report == nullptr);
}

TEST_CASE("a cancelled quantization returns nothing and can be repeated") {
  auto m = model(k_text);
  Data d(16, "4");
  auto c = calibrated(m, d);
  auto control = make<mo_control>([](mo_control** out) { return mo_control_create(nullptr, nullptr, out); });
  mo_control_cancel(control.get());
  mo_model* none = nullptr;
  mo_report* report = nullptr;
  CHECK(caught(mo_quantize(m.get(), c.get(), nullptr, control.get(), &none, &report)).code == MO_ERR_CANCELLED);
  CHECK(none == nullptr);
  CHECK(report == nullptr);
  quantized(m, c.get());
}

TEST_CASE("statistics merge, save and load to the same model") {
  auto m = model(k_text);
  Data all(32, "8");
  auto whole = calibrated(m, all);
  auto first = make<mo_calibration>([&](mo_calibration** out) { return mo_calibration_create(m.get(), nullptr, out); });
  auto second = make<mo_calibration>([&](mo_calibration** out) { return mo_calibration_create(m.get(), nullptr, out); });
  for (int i = 0;; ++i) {
    mo_tensors* batch = nullptr;
    ok(mo_dataset_next(all.dataset.get(), &batch, nullptr));
    if (!batch) break;
    Own<mo_tensors> owner(batch);
    ok(mo_calibration_feed(i % 2 ? second.get() : first.get(), batch, nullptr));
  }
  ok(mo_calibration_merge(first.get(), second.get()));
  ok(mo_calibration_save(first.get(), "api_quantize_test.mocal"));
  auto loaded = make<mo_calibration>([&](mo_calibration** out) { return mo_calibration_load("api_quantize_test.mocal", m.get(), out); });
  std::remove("api_quantize_test.mocal");
  CHECK(mo_calibration_count(loaded.get()) == 32);
  auto digest = [](const Own<mo_model>& x) {
    return std::string(mo_buffer_text(make<mo_buffer>([&](mo_buffer** out) { return mo_model_digest(x.get(), out); }).get()));
  };
  CHECK(digest(quantized(m, whole.get()).model) == digest(quantized(m, loaded.get()).model));
  CHECK(caught(mo_calibration_merge(first.get(), first.get())).code == MO_ERR_INVALID_ARGUMENT);
  auto other = model("(float32[batch, 4] x) -> (y) { fc: y = Relu(x); }");
  auto of_other = make<mo_calibration>([&](mo_calibration** out) { return mo_calibration_create(other.get(), nullptr, out); });
  CHECK(caught(mo_calibration_merge(first.get(), of_other.get())).code == MO_ERR_INVALID_ARGUMENT);
}

TEST_CASE("compare shows both sides, the errors, and whether the gates were met") {
  auto m = model(k_text);
  Data d(32, "8");
  Quantized q = quantized(m, calibrated(m, d).get());
  auto o = make<mo_options>([](mo_options** out) { return mo_options_create("compare", out); });
  ok(mo_options_parse(o.get(), R"({"seconds": 0.01, "max_metric_loss": 0.5, "min_snr_db": 10})"));
  auto r = make<mo_report>([&](mo_report** out) { return mo_compare(m.get(), q.model.get(), d.dataset.get(), o.get(), nullptr, out); });
  Json j = Json::parse(mo_report_json(r.get()));
  CHECK(j["a"]["metric"]["metric"] == "top1");
  CHECK(j["b"]["latency"]["median_ms"].get<double>() > 0);
  CHECK(j["outputs"].size() == 1);
  CHECK(j["outputs"][0]["cosine"].get<double>() > 0.99);
  CHECK(j["gates"].size() == 2);
  CHECK(mo_report_passed(r.get()) == 1);
  ok(mo_options_set_double(o.get(), "min_snr_db", 500));
  r = make<mo_report>([&](mo_report** out) { return mo_compare(m.get(), q.model.get(), d.dataset.get(), o.get(), nullptr, out); });
  CHECK(mo_report_passed(r.get()) == 0);
  CHECK(has(mo_report_text(r.get()), "NOT MET"));
  r = make<mo_report>([&](mo_report** out) { return mo_compare(m.get(), m.get(), nullptr, nullptr, nullptr, out); });
  CHECK(mo_report_passed(r.get()) == 1);
}

TEST_CASE("benchmark has the figures that programs ask for") {
  auto m = model(k_text);
  auto o = make<mo_options>([](mo_options** out) { return mo_options_create("benchmark", out); });
  ok(mo_options_parse(o.get(), R"({"seconds": 0.01, "batch": 3})"));
  auto r = make<mo_report>([&](mo_report** out) { return mo_benchmark(m.get(), nullptr, o.get(), nullptr, out); });
  Json j = Json::parse(mo_report_json(r.get()));
  for (const char* key : {"median_ms", "min_ms", "p90_ms", "p99_ms", "throughput", "peak_rss_mb", "load_ms"}) CHECK_MESSAGE(j[key].is_number(), key);
  CHECK(j["inputs"]["x"] == "float32[3, 4]");
  auto in = named("x", floats({2, 4}, std::vector<float>(8, 1)));
  ok(mo_options_set_int(o.get(), "runs", 5));
  r = make<mo_report>([&](mo_report** out) { return mo_benchmark(m.get(), in.get(), o.get(), nullptr, out); });
  CHECK(Json::parse(mo_report_json(r.get()))["iterations"] == 5);
}

TEST_CASE("evaluation gates, missing labels and unknown metrics") {
  auto m = model(k_text);
  Data d(16, "5");  // a last batch of one
  auto o = make<mo_options>([](mo_options** out) { return mo_options_create("evaluate", out); });
  ok(mo_options_set_double(o.get(), "minimum", 1.5));
  auto r = make<mo_report>([&](mo_report** out) { return mo_evaluate(m.get(), d.dataset.get(), o.get(), nullptr, out); });
  CHECK(mo_report_passed(r.get()) == 0);
  CHECK(caught(mo_options_set_string(o.get(), "metric", "topp1")).code == MO_ERR_INVALID_ARGUMENT);
  auto bare = named("x", floats({2, 4}, std::vector<float>(8, 1)));
  auto unlabelled = make<mo_dataset>([&](mo_dataset** out) { return mo_dataset_create(bare.get(), nullptr, out); });
  mo_report* none = nullptr;
  CHECK(caught(mo_evaluate(m.get(), unlabelled.get(), nullptr, nullptr, &none)).code != MO_OK);
  CHECK(none == nullptr);
}
