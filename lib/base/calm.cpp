// Counting lost processors, and the sleeping threads that make libgomp careful.
#include "base/calm.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/threads.h"
#include "base/wait.h"

namespace mo {

namespace {

constexpr int64_t k_interval_ns = 100'000'000;
constexpr double k_busy = 40, k_quiet = 10;  // times that the process lost a processor it could have used, in a second of its processor time
constexpr int64_t k_enough_ns = 20'000'000;  // of processor time, to judge by
constexpr int k_most_sleepers = 64;

int64_t now_ns() { return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Usage {
  int64_t lost = 0, cpu_ns = 0;
};
Usage usage() {
  rusage u{};
  if (getrusage(RUSAGE_SELF, &u) != 0) return {};
  auto ns = [](const timeval& t) { return t.tv_sec * int64_t{1'000'000'000} + t.tv_usec * int64_t{1000}; };
  return {u.ru_nivcsw, ns(u.ru_utime) + ns(u.ru_stime)};
}

// A thread whose own OpenMP team does nothing but count. Ending it takes the team with it.
class Sleepers {
 public:
  void wake_up(int count) {
    if (thread_.joinable()) return;
    leave_ = false;
    try {
      thread_ = std::thread([this, count] { sleep(count); });
    } catch (...) {  // no thread to be had: things stay as they are
    }
  }
  void dismiss() {
    if (!thread_.joinable()) return;
    {
      std::lock_guard lock(mutex_);
      leave_ = true;
    }
    condition_.notify_all();
    thread_.join();
  }
  bool present() const { return thread_.joinable(); }

 private:
  void sleep(int count) {
    if (startable_threads(count + 1) < count + 1) return;
#ifdef _OPENMP
#pragma omp parallel num_threads(count + 1)
    came_.fetch_add(1, std::memory_order_relaxed);  // an empty region would be left out
#endif
    std::unique_lock lock(mutex_);
    wait(condition_, lock, [this] { return leave_; });
  }

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable condition_;
  std::atomic<int> came_{0};
  bool leave_ = false;
};

struct State {
  std::mutex mutex;
  std::atomic<int64_t> next{0};
  std::atomic<bool> calm{false};
  Usage last;
  Sleepers sleepers;
};

State& state() {
  static State* one = new State;  // never destroyed: its thread may outlive main
  return *one;
}

}  // namespace

bool is_calm() { return state().calm.load(std::memory_order_relaxed); }

void notice_load(int team) {
  State& s = state();
  const int64_t now = now_ns();
  if (now < s.next.load(std::memory_order_relaxed)) return;
  std::unique_lock lock(s.mutex, std::try_to_lock);
  if (!lock) return;
  s.next.store(now + k_interval_ns, std::memory_order_relaxed);
  const Usage u = usage();
  if (u.cpu_ns - s.last.cpu_ns < k_enough_ns) return;
  const double rate = static_cast<double>(u.lost - s.last.lost) * 1e9 / static_cast<double>(u.cpu_ns - s.last.cpu_ns);
  s.last = u;
#ifdef _OPENMP
  const int extra = omp_get_num_procs() - team + 1;  // more than the processors, with the team
#else
  const int extra = 1;
#endif
  if (rate >= k_busy && !s.sleepers.present() && extra <= k_most_sleepers) s.sleepers.wake_up(extra < 1 ? 1 : extra);
  else if (rate <= k_quiet && s.sleepers.present()) s.sleepers.dismiss();
  s.calm.store(s.sleepers.present(), std::memory_order_relaxed);
}

}  // namespace mo
