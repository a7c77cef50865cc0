// The guard against spinning threads: asking it is harmless, from many threads and at any team size.
#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "base/calm.h"
#include "base/threads.h"

TEST_CASE("noticing the load changes no result and may be done by many threads at once") {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      for (int i = 0; i < 2000; ++i) mo::notice_load(1 + i % 4);
    });
  for (std::thread& t : threads) t.join();
  std::vector<int> seen(1000, 0);
  mo::parallel_for(0, 1000, 1, 2, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) ++seen[static_cast<size_t>(i)];
  });
  for (int n : seen) CHECK(n == 1);
}
