// Wrong handles: NULL, another type, freed ones. An error or a plain answer, never a crash.
#include "api/control.h"
#include "api/dataset.h"
#include "api/options.h"
#include "api/tensor.h"
#include "support.h"

using namespace api_test;

namespace {

// Memory that looks like no handle, large enough for any.
alignas(64) unsigned char g_garbage[512] = {0x5a};

template <class T>
T* garbage() {
  return reinterpret_cast<T*>(g_garbage);
}

}  // namespace

TEST_CASE("a pointer of another type is an invalid argument") {
  mo_session* s = nullptr;
  CHECK(caught(mo_session_create(garbage<mo_model>(), nullptr, &s)).code == MO_ERR_INVALID_ARGUMENT);
  auto m = model("(float32[2] x) -> (y) { y = Relu(x); }");
  CHECK(caught(mo_session_create(m.get(), garbage<mo_options>(), &s)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_session_create(m.get(), reinterpret_cast<mo_options*>(m.get()), &s)).code == MO_ERR_INVALID_ARGUMENT);
  mo_tensors* out = nullptr;
  CHECK(caught(mo_session_run(garbage<mo_session>(), garbage<mo_tensors>(), nullptr, &out)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_calibration_merge(garbage<mo_calibration>(), garbage<mo_calibration>())).code == MO_ERR_INVALID_ARGUMENT);
  mo_report* r = nullptr;
  CHECK(caught(mo_benchmark(garbage<mo_model>(), nullptr, nullptr, nullptr, &r)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_benchmark(m.get(), nullptr, nullptr, garbage<mo_control>(), &r)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_evaluate(m.get(), garbage<mo_dataset>(), nullptr, nullptr, &r)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_compare(m.get(), garbage<mo_model>(), nullptr, nullptr, nullptr, &r)).code == MO_ERR_INVALID_ARGUMENT);
  mo_model* made = nullptr;
  CHECK(caught(mo_quantize(m.get(), garbage<mo_calibration>(), nullptr, nullptr, &made, &r)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(made == nullptr);
}

TEST_CASE("freeing garbage is ignored, plain answers are empty") {
  mo_model_free(garbage<mo_model>());
  mo_tensor_free(garbage<mo_tensor>());
  mo_report_free(garbage<mo_report>());
  CHECK(mo_tensor_dtype(garbage<mo_tensor>()) == MO_DTYPE_UNDEFINED);
  CHECK(mo_tensor_data(garbage<mo_tensor>()) == nullptr);
  CHECK(mo_buffer_size(garbage<mo_buffer>()) == 0);
  CHECK(std::string(mo_report_json(garbage<mo_report>())).empty());
  CHECK(mo_report_passed(garbage<mo_report>()) == 0);
  CHECK(mo_tensors_count(garbage<mo_tensors>()) == 0);
  CHECK(mo_model_input_count(garbage<mo_model>()) == 0);
  mo_control_cancel(garbage<mo_control>());
}

TEST_CASE("a missing output address is an error, not a write") {
  auto m = model("(float32[2] x) -> (y) { y = Relu(x); }");
  CHECK(caught(mo_session_create(m.get(), nullptr, nullptr)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_model_describe_json(m.get(), nullptr)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_tensors_create(nullptr)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_dataset_count(nullptr, nullptr)).code == MO_ERR_INVALID_ARGUMENT);
}

TEST_CASE("an object that serves one thread answers a second call with busy") {
  auto ts = named("x", floats({2, 1}, {1, 2}));
  auto d = make<mo_dataset>([&](mo_dataset** out) { return mo_dataset_create(ts.get(), nullptr, out); });
  d->taken = true;  // as if another thread were inside
  mo_tensors* batch = nullptr;
  CHECK(caught(mo_dataset_next(d.get(), &batch, nullptr)).code == MO_ERR_BUSY);
  CHECK(caught(mo_dataset_rewind(d.get())).code == MO_ERR_BUSY);
  d->taken = false;
  ok(mo_dataset_next(d.get(), &batch, nullptr));
  mo_tensors_free(batch);
}
