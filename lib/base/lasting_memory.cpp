// Blocks of anonymous memory on the borders of huge pages, filled from their beginning.
#include "base/lasting_memory.h"

#include <sys/mman.h>

#include <cstring>
#include <mutex>
#include <new>

#include "base/error.h"

namespace mo {
namespace {

constexpr size_t k_line = 64, k_least = size_t{1} << 18, k_page = size_t{1} << 21, k_block = 32 * k_page;
constexpr uintptr_t k_small_page = 4096;

size_t rounded(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

struct Block {
  char* begin;
  size_t size, used = 0;

  explicit Block(size_t bytes) : size(rounded(bytes, k_page)) {
    const size_t all = size + k_page;
    void* p = ::mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(p != MAP_FAILED, Code::out_of_memory, "out of memory: ", size, " bytes for packed constants");
    char* from = static_cast<char*>(p);
    begin = reinterpret_cast<char*>(rounded(reinterpret_cast<uintptr_t>(from), k_page));
    if (begin > from) ::munmap(from, static_cast<size_t>(begin - from));
    if (from + all > begin + size) ::munmap(begin + size, static_cast<size_t>(from + all - begin - size));
#ifdef MADV_HUGEPAGE
    ::madvise(begin, size, MADV_HUGEPAGE);  // a wish: small pages do, slower
#endif
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { ::munmap(begin, size); }
};

// What the block's other pieces do not share pages with; nobody is given it again.
void give_back(char* piece, size_t size) {
  const uintptr_t from = (reinterpret_cast<uintptr_t>(piece) + k_small_page - 1) / k_small_page * k_small_page,
                  to = (reinterpret_cast<uintptr_t>(piece) + size) / k_small_page * k_small_page;
  if (from < to) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

std::mutex g_mutex;
std::weak_ptr<Block> g_block;  // that still has room

}  // namespace

std::shared_ptr<void> lasting_memory(int64_t bytes) {
  const size_t size = rounded(static_cast<size_t>(bytes > 0 ? bytes : 1), k_line);
  if (size < k_least) {
    void* p = ::operator new (size, std::align_val_t{k_line});
    std::memset(p, 0, size);
    return {p, [](void* q) { ::operator delete (q, std::align_val_t{k_line}); }};
  }
  std::lock_guard lock(g_mutex);
  std::shared_ptr<Block> block = g_block.lock();
  if (!block || block->size - block->used < size) {
    const size_t left = block ? block->size - block->used : 0;
    block = std::make_shared<Block>(size > k_block ? size : k_block);
    if (block->size - size > left) g_block = block;
  }
  char* at = block->begin + block->used;
  block->used += size;
  return {at, [block, size](char* p) { give_back(p, size); }};
}

}  // namespace mo
