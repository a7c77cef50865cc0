// Offsets never overlap for buffers that live together, and disjoint lifetimes share memory.
#include "plan/memory.h"

#include <doctest/doctest.h>

#include <random>

using namespace mo::plan;

namespace {
Buffer buffer(int64_t bytes, int first, int last) {
  Buffer b;
  b.bytes = bytes;
  b.first = first;
  b.last = last;
  return b;
}
}  // namespace

TEST_CASE("memory: a chain needs two buffers at a time") {
  std::vector<Buffer> b = {buffer(64, 0, 1), buffer(64, 1, 2), buffer(64, 2, 3), buffer(64, 3, 4)};
  CHECK(plan_memory(b) == 128);
}

TEST_CASE("memory: random lifetimes never overlap") {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Buffer> b;
    for (int i = 0; i < 60; ++i) {
      int first = static_cast<int>(random() % 100);
      b.push_back(buffer(static_cast<int64_t>(random() % 1000), first, first + static_cast<int>(random() % 20)));
    }
    int64_t total = plan_memory(b);
    for (size_t i = 0; i < b.size(); ++i) {
      CHECK(b[i].offset + b[i].bytes <= total);
      CHECK(b[i].offset % 64 == 0);
      for (size_t j = 0; j < i; ++j) {
        bool together = b[i].first <= b[j].last && b[j].first <= b[i].last;
        bool overlap = b[i].offset < b[j].offset + b[j].bytes && b[j].offset < b[i].offset + b[i].bytes;
        CHECK_FALSE((together && overlap));
      }
    }
  }
}
