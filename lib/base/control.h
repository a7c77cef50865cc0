// Progress, cancellation and deadline of one long piece of work; shared between the caller's threads and the worker.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace mo {

class Control {
 public:
  // stage: what is being done ("calibrate"); done of total units, total 0 when unknown. Returns false to cancel.
  using Progress = std::function<bool(const char* stage, int64_t done, int64_t total)>;

  Control() = default;
  explicit Control(Progress progress) : progress_(std::move(progress)) {}

  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }  // any thread
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  void set_deadline(double seconds_from_now);  // <= 0 removes it

  void check();                                                   // throws Code::cancelled or Code::deadline
  void progress(const char* stage, int64_t done, int64_t total);  // reports, then checks

 private:
  Progress progress_;
  std::atomic<bool> cancelled_{false};
  std::atomic<int64_t> deadline_ns_{0};
};

// For callees that take `Control*` which may be null.
inline void check(Control* control) {
  if (control) control->check();
}
inline void progress(Control* control, const char* stage, int64_t done, int64_t total) {
  if (control) control->progress(stage, done, total);
}

}  // namespace mo
