// Handles: the structs behind the C interface's opaque types, with a cheap check that a pointer is what its type says.
#pragma once
#include <atomic>
#include <cstdint>

#include "api/guard.h"

namespace mo::api {

// First member of every handle. The mark is wiped when the handle is freed, so that most mistakes are errors instead of crashes.
template <uint32_t Mark>
struct Handle {
  static constexpr uint32_t k_mark = Mark;
  volatile uint32_t mark = Mark;
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { mark = 0; }
};

template <class H>
H& checked(H* handle, const char* what) {
  require(handle != nullptr, Code::invalid_argument, what, " is NULL");
  require(reinterpret_cast<uintptr_t>(handle) % alignof(H) == 0 && handle->mark == H::k_mark, Code::invalid_argument, what,
          " is not a live object of its type");
  return *handle;
}

// For functions that return a plain value: null when the handle is missing or wrong.
template <class H>
H* valid_or_null(H* handle) noexcept {
  bool ok = handle && reinterpret_cast<uintptr_t>(handle) % alignof(H) == 0 && handle->mark == H::k_mark;
  return ok ? handle : nullptr;
}

// Frees a handle; a second free or a foreign pointer is ignored as far as its mark tells.
template <class H>
void release(H* handle) noexcept {
  if (valid_or_null(handle)) delete handle;
}

// One call at a time on an object that serves one thread: a second one is Code::busy.
class Turn {
 public:
  Turn(std::atomic<bool>& taken, const char* what) : taken_(taken) {
    require(!taken_.exchange(true, std::memory_order_acquire), Code::busy, what, " is used by another call");
  }
  ~Turn() { taken_.store(false, std::memory_order_release); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::atomic<bool>& taken_;
};

}  // namespace mo::api
