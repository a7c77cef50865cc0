// Pieces of lasting memory: zeros, aligned, apart from each other, alive as long as they are held.
#include "base/lasting_memory.h"

#include <doctest/doctest.h>

#include <cstring>
#include <thread>
#include <vector>

using namespace mo;

namespace {

bool all(const void* p, int64_t bytes, uint8_t value) {
  const auto* at = static_cast<const uint8_t*>(p);
  for (int64_t i = 0; i < bytes; ++i)
    if (at[i] != value) return false;
  return true;
}

}  // namespace

TEST_CASE("pieces of lasting memory are zeros, aligned, and keep what is written into them while others come and go") {
  struct Piece {
    std::shared_ptr<void> memory;
    int64_t bytes;
    uint8_t value;
  };
  std::vector<Piece> kept;
  for (int turn = 0; turn < 60; ++turn) {
    const int64_t sizes[] = {0, 1, 100, 1 << 18, (1 << 20) + 3, 5 << 20, 9 << 20, 3 << 19};
    const int64_t bytes = sizes[turn % 8];
    std::shared_ptr<void> p = lasting_memory(bytes);
    CHECK(reinterpret_cast<uintptr_t>(p.get()) % 64 == 0);
    CHECK(all(p.get(), bytes, 0));
    const auto value = static_cast<uint8_t>(turn + 1);
    std::memset(p.get(), value, static_cast<size_t>(bytes));
    if (turn % 3) kept.push_back({std::move(p), bytes, value});
    if (turn % 7 == 6) kept.erase(kept.begin());
  }
  for (const Piece& p : kept) CHECK(all(p.memory.get(), p.bytes, p.value));
}

TEST_CASE("lasting memory is given to many threads at once") {
  std::vector<std::thread> threads;
  std::vector<int> right(4, 0);
  for (size_t t = 0; t < right.size(); ++t)
    threads.emplace_back([&right, t] {
      std::vector<std::shared_ptr<void>> pieces;
      for (int i = 0; i < 20; ++i) {
        pieces.push_back(lasting_memory(300000));
        std::memset(pieces.back().get(), static_cast<int>(t + 1), 300000);
      }
      for (const auto& p : pieces) right[t] += all(p.get(), 300000, static_cast<uint8_t>(t + 1));
    });
  for (std::thread& t : threads) t.join();
  CHECK(right == std::vector<int>(4, 20));
}
