// The parallel loop covers its range exactly once, carries errors out, and respects quotas.
#include "base/threads.h"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/quota.h"
#include "base/system_files.h"
#include "support/temp_folder.h"

using namespace mo;

TEST_CASE("parallel for: every index is visited once for all sizes, grains and thread counts") {
  for (int64_t size : {0, 1, 2, 7, 64, 65, 1000})
    for (int64_t grain : {0, 1, 3, 64, 5000})
      for (int threads : {0, 1, 2, 3, 8}) {
        std::vector<std::atomic<int>> seen(static_cast<size_t>(size));
        parallel_for(10, 10 + size, grain, threads, [&](int64_t from, int64_t to) {
          for (int64_t i = from; i < to; ++i) ++seen[static_cast<size_t>(i - 10)];
        });
        int wrong = 0;
        for (auto& s : seen) wrong += s != 1;
        CHECK(wrong == 0);
      }
}

TEST_CASE("parallel for: pieces depend on the request only") {
  auto cuts = [](int threads) {
    std::vector<int64_t> ends(101, -1);
    parallel_for(0, 100, 8, threads, [&](int64_t from, int64_t to) { ends[static_cast<size_t>(from)] = to; });
    return ends;
  };
  CHECK(cuts(3) == cuts(3));
  for (int64_t from = 0; from < 100; ++from)
    if (cuts(3)[static_cast<size_t>(from)] >= 0) CHECK(from % 8 == 0);
}

TEST_CASE("parallel for: an exception of a worker reaches the caller and the next loop works") {
  for (int threads : {1, 4}) {
    bool caught = false;
    try {
      parallel_for(0, 100, 1, threads, [&](int64_t from, int64_t to) {
        if (from <= 60 && 60 < to) fail(Code::shape, "sixty");
      });
    } catch (const Error& e) { caught = e.code() == Code::shape && e.message() == "sixty"; }
    CHECK(caught);
    std::atomic<int64_t> sum{0};
    parallel_for(0, 100, 1, threads, [&](int64_t from, int64_t to) { sum += to - from; });
    CHECK(sum == 100);
  }
}

TEST_CASE("parallel for: nested loops and loops from several threads finish") {
  std::atomic<int64_t> sum{0};
  parallel_for(0, 4, 1, 4, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) parallel_for(0, 10, 1, 4, [&](int64_t a, int64_t b) { sum += b - a; });
  });
  CHECK(sum == 40);
  sum = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back([&] { parallel_for(0, 1000, 10, 3, [&](int64_t a, int64_t b) { sum += b - a; }); });
  for (std::thread& t : callers) t.join();
  CHECK(sum == 4000);
}

TEST_CASE("threads: at least one is available, wishes are bounded") {
  CHECK(available_threads() >= 1);
  CHECK(resolve_threads(0) == available_threads());
  CHECK(resolve_threads(-5) == available_threads());
  CHECK(resolve_threads(3) == 3);
  CHECK(resolve_threads(1 << 30) == k_max_threads);
  CHECK(startable_threads(1) == 1);
  CHECK(startable_threads(2) <= 2);
}

TEST_CASE("quota: the least of the folder and its ancestors counts, in both cgroup versions") {
  TempFolder folder;
  std::filesystem::create_directories(folder.path / "a/b");
  std::filesystem::create_directories(folder.path / "cpu,cpuacct/job");
  std::vector<std::string> v2 = cgroup_folders("cpu", "0::/a/b\n", folder.path.string());
  CHECK(v2 == std::vector<std::string>{folder / "a/b", folder / "a", folder.path.string()});
  CHECK(quota_of(v2) == 0);
  write_file(folder / "a/b/cpu.max", "max 100000\n");
  CHECK(quota_of(v2) == 0);
  write_file(folder / "a/cpu.max", "150000 100000\n");
  CHECK(quota_of(v2) == 1.5);
  std::vector<std::string> v1 = cgroup_folders("cpu", "3:cpu,cpuacct:/job\n2:memory:/m\n", folder.path.string());
  CHECK(v1.front() == folder / "cpu,cpuacct/job");
  write_file(folder / "cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
  write_file(folder / "cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  CHECK(quota_of(v1) == 0);
  write_file(folder / "cpu,cpuacct/job/cpu.cfs_quota_us", "50000\n");
  CHECK(quota_of(v1) == 0.5);
}
