// operator new of mo_node_tests: throws above a bound. A sanitizer's own ends the process instead, and an ordinary one lets hostile sizes swap.
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t k_largest = std::size_t{2} << 30;

void* quiet(std::size_t bytes, std::size_t alignment) noexcept {
  if (bytes > k_largest) return nullptr;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes ? bytes : 1);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* bounded(std::size_t bytes, std::size_t alignment) {
  void* p = quiet(bytes, alignment);
  if (!p) throw std::bad_alloc();
  return p;
}

}  // namespace

void* operator new(std::size_t bytes) { return bounded(bytes, 1); }
void* operator new[](std::size_t bytes) { return bounded(bytes, 1); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return quiet(bytes, 1); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return quiet(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return quiet(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return quiet(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) { return bounded(bytes, static_cast<std::size_t>(alignment)); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) { return bounded(bytes, static_cast<std::size_t>(alignment)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
