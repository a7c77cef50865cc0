// A vector whose fresh elements are left as memory gives them: for numbers that are all written next, by several threads perhaps.
#pragma once
#include <memory>
#include <utility>
#include <vector>

namespace mo {

template <class T>
struct RawAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = RawAllocator<U>;
  };
  using std::allocator<T>::allocator;
  template <class U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;  // no value: trivial types stay unwritten
  }
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
  }
};

template <class T>
using RawVector = std::vector<T, RawAllocator<T>>;

}  // namespace mo
