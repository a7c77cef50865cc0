// Threads by affinity and cgroup, instruction sets by cpuid, memory by /proc and getrusage.
#include "base/machine.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

namespace mo {

namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// CPUs that a cgroup v2 folder and its parents grant; 0 when none limits.
double quota_v2(std::string folder) {
  double least = 0;
  while (true) {
    double quota = 0, period = 0;
    if (std::sscanf(first_line("/sys/fs/cgroup" + folder + "/cpu.max").c_str(), "%lf %lf", &quota, &period) == 2 && period > 0) {
      least = least > 0 ? std::min(least, quota / period) : quota / period;
    }
    size_t slash = folder.rfind('/');
    if (folder.empty() || slash == std::string::npos) return least;
    folder.resize(slash);
  }
}

double cgroup_cpus() {
  std::ifstream file("/proc/self/cgroup");
  double least = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("0::", 0) == 0) least = quota_v2(line.substr(3) == "/" ? "" : line.substr(3));
  }
  if (least > 0) return least;
  double quota = std::atof(first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").c_str());
  double period = std::atof(first_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us").c_str());
  return quota > 0 && period > 0 ? quota / period : 0;
}

int count_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : static_cast<int>(std::thread::hardware_concurrency());
  double quota = cgroup_cpus();
  if (quota > 0) n = std::min(n, static_cast<int>(std::ceil(quota)));
  return std::max(n, 1);
}

}  // namespace

int usable_threads() {
  static const int n = count_threads();
  return n;
}

std::vector<std::string> cpu_features() {
  std::vector<std::string> found;
#if defined(__x86_64__)
  __builtin_cpu_init();
#define MO_FEATURE(gcc_name, shown) \
  if (__builtin_cpu_supports(gcc_name)) found.emplace_back(shown)
  MO_FEATURE("sse4.1", "sse4_1");
  MO_FEATURE("avx", "avx");
  MO_FEATURE("avx2", "avx2");
  MO_FEATURE("fma", "fma");
  MO_FEATURE("avx512f", "avx512f");
  MO_FEATURE("avx512bw", "avx512bw");
  MO_FEATURE("avx512vl", "avx512vl");
  MO_FEATURE("avx512vnni", "avx512_vnni");
  MO_FEATURE("avx512bf16", "avx512_bf16");
#undef MO_FEATURE
#endif
  return found;
}

int64_t peak_rss_bytes() {
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? int64_t{usage.ru_maxrss} * 1024 : 0;
}

int64_t rss_bytes() {
  int64_t total = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (!file) return 0;
  int got = std::fscanf(file, "%ld %ld", &total, &resident);
  std::fclose(file);
  return got == 2 ? resident * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace mo
