// The exception firewall: every function of the C interface that can fail is `return guard([&] { ... });`.
#pragma once
#include <string>

#include "base/error.h"
#include "mo/mo.h"

namespace mo::api {

// Turns the exception in flight into an error object; the static out-of-memory object when there is no memory for one. Never throws.
mo_error* current_error() noexcept;

template <class Body>
mo_error* guard(Body&& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (...) { return current_error(); }
}

// The address an output goes to, after setting it to NULL.
template <class T>
T*& output(T** out, const char* what) {
  require(out != nullptr, Code::invalid_argument, what, " is NULL");
  *out = nullptr;
  return *out;
}

// A text argument that must be there.
std::string text_argument(const char* value, const char* what);
// The same for names and paths, which are not empty; a path has at most 4096 bytes.
std::string name_argument(const char* value, const char* what);
std::string path_argument(const char* value, const char* what);

}  // namespace mo::api
