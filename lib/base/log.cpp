// Holds the log callback; swapped under a lock so that a replaced one is never called again.
#include "base/log.h"

#include <atomic>
#include <mutex>

namespace mo {

namespace {
struct Sink {
  std::mutex mutex;
  LogFunction function = nullptr;
  void* user = nullptr;
  std::atomic<int32_t> level{0};
};
Sink& sink() {
  static Sink s;
  return s;
}
}  // namespace

void set_log(LogFunction function, void* user, LogLevel level) {
  Sink& s = sink();
  std::lock_guard lock(s.mutex);
  s.function = function;
  s.user = user;
  s.level = function ? static_cast<int32_t>(level) : 0;
}

bool log_wanted(LogLevel level) { return static_cast<int32_t>(level) <= sink().level.load(std::memory_order_relaxed); }

void log_message(LogLevel level, const std::string& message) {
  Sink& s = sink();
  std::lock_guard lock(s.mutex);
  if (s.function) s.function(s.user, level, message.c_str());
}

}  // namespace mo
