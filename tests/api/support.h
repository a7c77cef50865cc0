// Helpers of the C interface's tests: owners, a caught error, small models made of text.
#pragma once
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/model.h"
#include "graph/graph.h"
#include "mo/mo.h"
#include "ops/op.h"

namespace api_test {

struct Free {
  void operator()(mo_buffer* p) const { mo_buffer_free(p); }
  void operator()(mo_control* p) const { mo_control_free(p); }
  void operator()(mo_options* p) const { mo_options_free(p); }
  void operator()(mo_tensor* p) const { mo_tensor_free(p); }
  void operator()(mo_tensors* p) const { mo_tensors_free(p); }
  void operator()(mo_model* p) const { mo_model_free(p); }
  void operator()(mo_dataset* p) const { mo_dataset_free(p); }
  void operator()(mo_session* p) const { mo_session_free(p); }
  void operator()(mo_calibration* p) const { mo_calibration_free(p); }
  void operator()(mo_report* p) const { mo_report_free(p); }
};
template <class T>
using Own = std::unique_ptr<T, Free>;

struct Caught {
  int32_t code = MO_OK;
  std::string message, node, op;
};
inline Caught caught(mo_error* error) {
  Caught c{mo_error_code(error), mo_error_message(error), mo_error_node(error), mo_error_op(error)};
  mo_error_free(error);
  return c;
}
// Fails the test with the error's message.
inline void ok(mo_error* error) {
  Caught c = caught(error);
  REQUIRE_MESSAGE(c.code == MO_OK, c.message);
}
template <class T, class Call>
Own<T> make(Call&& call) {
  T* out = nullptr;
  ok(call(&out));
  REQUIRE(out != nullptr);
  return Own<T>(out);
}
inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A model from the text form of graphs.
inline Own<mo_model> model(const char* text) {
  mo::graph::Model m;
  m.graph = mo::graph::parse(text);
  mo::ops::infer_graph(m.graph);
  m.ir_version = 10;
  m.opsets = {{"", 21}};
  return Own<mo_model>(new mo_model(std::move(m)));
}
inline Own<mo_tensor> floats(std::vector<int64_t> dims, std::vector<float> values) {
  return make<mo_tensor>([&](mo_tensor** out) {
    return mo_tensor_create(MO_DTYPE_FLOAT32, dims.data(), static_cast<int64_t>(dims.size()), values.data(), static_cast<int64_t>(values.size() * 4),
                            out);
  });
}
inline Own<mo_tensors> named(const char* name, const Own<mo_tensor>& tensor) {
  auto ts = make<mo_tensors>([](mo_tensors** out) { return mo_tensors_create(out); });
  ok(mo_tensors_set(ts.get(), name, tensor.get()));
  return ts;
}
inline std::vector<float> values(const mo_tensor* t) {
  std::vector<float> v(static_cast<size_t>(mo_tensor_bytes(t) / 4));
  ok(mo_tensor_read(t, v.data(), static_cast<int64_t>(v.size() * 4)));
  return v;
}

}  // namespace api_test
