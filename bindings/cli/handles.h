// Owners of the C interface's objects, and the one place where its errors become exceptions of this program.
#pragma once
#include <memory>
#include <stdexcept>
#include <string>

#include "mo/mo.h"

namespace cli {

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

// Exit statuses, as docs/cli.md lists them.
enum Status { k_ok = 0, k_failed = 1, k_usage = 2, k_gate = 3, k_interrupted = 130 };

struct Failure : std::runtime_error {
  Failure(Status s, const std::string& message) : std::runtime_error(message), status(s) {}
  Status status;
};

// Throws Failure for an error, which it frees; `about` (a file) starts the message.
void check(mo_error* error, const std::string& about = "", Status status = k_failed);

// make(out): calls a function whose last argument is `T **out`.
template <class T, class Call>
Own<T> make(const std::string& about, Call&& call) {
  T* made = nullptr;
  mo_error* error = call(&made);
  Own<T> owner(made);
  check(error, about);
  return owner;
}

}  // namespace cli
