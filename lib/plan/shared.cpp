// Caches shared by the plans of a session.
#include "plan/shared.h"

#include <sys/mman.h>

#include <new>

#include "base/error.h"

namespace mo::plan {

void Lasting::add(const void* data) {
  std::lock_guard lock(mutex_);
  data_.insert(data);
}

void Lasting::remove(const void* data) {
  std::lock_guard lock(mutex_);
  data_.erase(data);
}

bool Lasting::has(const void* data) const {
  std::lock_guard lock(mutex_);
  return data_.contains(data);
}

namespace {
constexpr int64_t k_huge_page = int64_t{2} << 20;
size_t alignment(int64_t bytes) { return bytes >= k_huge_page ? static_cast<size_t>(k_huge_page) : size_t{64}; }
}  // namespace

Workspace::Workspace(int64_t bytes) : bytes_(bytes) {
  data_ = static_cast<char*>(::operator new (static_cast<size_t>(bytes > 0 ? bytes : 1), std::align_val_t{alignment(bytes)}));
  if (bytes >= k_huge_page) madvise(data_, static_cast<size_t>(bytes), MADV_HUGEPAGE);  // fewer TLB misses; refusal does not matter
}

Workspace::~Workspace() { ::operator delete (data_, std::align_val_t{alignment(bytes_)}); }

std::unique_ptr<Workspace> WorkspacePool::take(int64_t bytes) {
  std::unique_ptr<Workspace> block;
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      block = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (block && block->bytes() >= bytes) return block;
  if (block) {
    total_ -= block->bytes();
    --count_;
    block.reset();
  }
  block = std::make_unique<Workspace>(bytes);
  total_ += bytes;
  ++count_;
  return block;
}

void WorkspacePool::give(std::unique_ptr<Workspace> workspace) noexcept {
  std::lock_guard lock(mutex_);
  try {
    idle_.push_back(std::move(workspace));
  } catch (...) {  // no memory for the list: freed instead of kept
    total_ -= workspace ? workspace->bytes() : 0;
    --count_;
  }
}

}  // namespace mo::plan
