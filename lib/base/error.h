// The one exception type of the library, and the two ways to raise it: fail() and require().
#pragma once
#include <exception>
#include <string>
#include <utility>

#include "base/text.h"

namespace mo {

// Numbers are frozen: mo.h repeats them as mo_error_code values.
enum class Code : int32_t {
  invalid_argument = 1,  // a call's argument is wrong
  not_found = 2,         // a name, file or key does not exist
  io = 3,                // the operating system refused (read, write, full disk)
  format = 4,            // a file is malformed
  unsupported = 5,       // legal, but libmo does not do it
  shape = 6,             // shapes do not fit together
  type = 7,              // dtypes do not fit together
  limit = 8,             // a limit was exceeded (options can raise it)
  out_of_memory = 9,
  cancelled = 10,
  deadline = 11,
  busy = 12,       // a second concurrent call on a one-thread object
  device = 13,     // accelerator or driver
  callback = 14,   // a caller's callback returned an error
  threshold = 15,  // a gate was not met (accuracy, size, latency)
  internal = 16,   // a broken invariant of the library
};

class Error : public std::exception {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& node() const { return node_; }
  const std::string& op() const { return op_; }

  // Adds where it happened, once: the innermost node wins.
  void at(std::string node, std::string op) {
    if (!node_.empty() || !op_.empty()) return;
    node_ = std::move(node);
    op_ = std::move(op);
  }

 private:
  Code code_;
  std::string message_, node_, op_;
};

[[noreturn]] void raise(Code code, std::string message);

template <class... Args>
[[noreturn]] void fail(Code code, const Args&... args) {
  raise(code, text(args...));
}

template <class... Args>
inline void require(bool ok, Code code, const Args&... args) {
  if (!ok) [[unlikely]]
    fail(code, args...);
}

[[noreturn]] void broken(const char* condition, const char* file, int line);

// An invariant of the library itself: active in every build, throws Code::internal, never aborts.
#define MO_ASSERT(condition) ((condition) ? void(0) : ::mo::broken(#condition, __FILE__, __LINE__))

}  // namespace mo
