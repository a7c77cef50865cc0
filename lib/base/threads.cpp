// Counting processors, and the parallel loop.
#include "base/threads.h"

#ifdef __SANITIZE_THREAD__
#include <thread>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>

#include "base/calm.h"
#include "base/quota.h"
#include "base/system_files.h"

namespace mo {

namespace {

int affinity_count() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  // More processors than cpu_set_t holds.
  return static_cast<int>(std::max<long>(1, sysconf(_SC_NPROCESSORS_ONLN)));
}

std::atomic<int> g_proven_threads{1};
thread_local bool t_on_caller = false;

// A team: member(k, all) on each of its threads, the caller's among them; returns when all have ended.
#if defined(__SANITIZE_THREAD__)  // libgomp is not instrumented, so what its threads hand each other would look like races
thread_local bool t_in_team = false;
bool in_team() { return t_in_team; }
template <class Member>
void on_team(int threads, Member member) {
  auto one = [&](int k) {
    t_in_team = true;
    member(k, threads);
    t_in_team = false;
  };
  std::vector<std::thread> others;
  for (int k = 1; k < threads; ++k) others.emplace_back(one, k);
  one(0);
  for (std::thread& t : others) t.join();
}
#elif defined(_OPENMP)
bool in_team() { return omp_in_parallel() != 0; }
template <class Member>
void on_team(int threads, Member member) {
#pragma omp parallel num_threads(threads)
  member(omp_get_thread_num(), omp_get_num_threads());
}
#else
bool in_team() { return true; }
template <class Member>
void on_team(int, Member member) {
  member(0, 1);
}
#endif

void* wait_for(void* gate) {
  auto* mutex = static_cast<pthread_mutex_t*>(gate);
  pthread_mutex_lock(mutex);
  pthread_mutex_unlock(mutex);
  return nullptr;
}

}  // namespace

OnCaller::OnCaller(bool wanted) : before_(t_on_caller) { t_on_caller = before_ || wanted; }
OnCaller::~OnCaller() { t_on_caller = before_; }
bool runs_on_caller() { return t_on_caller; }

double quota_of(const std::vector<std::string>& folders) {
  double best = 0;
  auto consider = [&](double quota, double period) {
    if (quota > 0 && period > 0) best = best == 0 ? quota / period : std::min(best, quota / period);
  };
  for (const std::string& folder : folders) {
    std::string v2 = read_system_file(folder + "/cpu.max");  // "150000 100000" or "max 100000"
    if (!v2.empty()) {
      char* end = nullptr;
      double quota = std::strtod(v2.c_str(), &end);
      if (end != v2.c_str()) consider(quota, std::strtod(end, nullptr));
      continue;
    }
    std::string quota = read_system_file(folder + "/cpu.cfs_quota_us"), period = read_system_file(folder + "/cpu.cfs_period_us");
    if (!quota.empty()) consider(std::strtod(quota.c_str(), nullptr), std::strtod(period.c_str(), nullptr));
  }
  return best;
}

int available_threads() {
  static const int count = [] {
    int n = std::max(1, affinity_count());
    double quota = quota_of(cgroup_folders("cpu"));
    if (quota > 0) n = std::min(n, std::max(1, static_cast<int>(quota + 0.5)));
    return std::min(n, k_max_threads);
  }();
  return count;
}

int startable_threads(int wanted) {
  int proven = g_proven_threads.load(std::memory_order_relaxed);
  if (wanted <= proven) return wanted;
  static std::atomic_flag busy = ATOMIC_FLAG_INIT;
  if (busy.test_and_set()) return proven;  // somebody else is at it: be content with what is known
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_t extra[k_max_threads];
  int started = 0;
  pthread_mutex_lock(&gate);  // holds the new threads, so that all of them exist at once
  while (started + 1 < std::min(wanted, k_max_threads) && pthread_create(&extra[started], nullptr, wait_for, &gate) == 0) ++started;
  pthread_mutex_unlock(&gate);
  for (int i = 0; i < started; ++i) pthread_join(extra[i], nullptr);
  int found = std::max(proven, started + 1);
  g_proven_threads.store(found, std::memory_order_relaxed);
  busy.clear();
  return std::min(wanted, found);
}

int resolve_threads(int wanted) { return wanted <= 0 ? available_threads() : std::min(wanted, k_max_threads); }

void parallel_ranges(int64_t begin, int64_t end, int64_t grain, int threads, RangeWork work, void* context) {
  if (begin >= end) return;
  grain = std::max<int64_t>(1, grain);
  int64_t pieces = (end - begin - 1) / grain + 1;
  int team = static_cast<int>(std::min<int64_t>(std::min(threads, k_max_threads), pieces));
  if (team <= 1 || in_team()) return work(context, begin, end);
  // Contiguous shares, fixed by the request and not by how many threads come.
  auto share = [&](int64_t k) { return std::min(end, begin + (pieces * k / team) * grain); };
  int real = t_on_caller ? 1 : startable_threads(team);
  std::exception_ptr first;
  std::atomic_flag caught = ATOMIC_FLAG_INIT;
  std::atomic<bool> stop{false};
  auto run_share = [&](int k) {
    if (stop.load(std::memory_order_relaxed)) return;
    try {
      work(context, share(k), share(k + 1));
    } catch (...) {
      if (!caught.test_and_set()) first = std::current_exception();
      stop.store(true, std::memory_order_relaxed);
    }
  };
  if (real <= 1) {
    for (int k = 0; k < team; ++k) run_share(k);
  } else {
    on_team(real, [&](int mine, int all) {
      for (int k = mine; k < team; k += all) run_share(k);
    });
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace mo
