// Deadline bookkeeping of Control.
#include "base/control.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"

namespace mo {

namespace {
int64_t now_ns() { return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
}  // namespace

void Control::set_deadline(double seconds_from_now) {
  deadline_ns_ = seconds_from_now <= 0 ? 0 : now_ns() + static_cast<int64_t>(std::min(seconds_from_now, 1e9) * 1e9);
}

void Control::check() {
  require(!cancelled(), Code::cancelled, "cancelled");
  int64_t deadline = deadline_ns_.load(std::memory_order_relaxed);
  require(deadline == 0 || now_ns() < deadline, Code::deadline, "deadline passed");
}

void Control::progress(const char* stage, int64_t done, int64_t total) {
  if (progress_ && !progress_(stage, done, total)) cancel();
  check();
}

}  // namespace mo
