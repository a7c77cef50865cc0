// One log callback for the whole library; silent unless the caller sets it.
#pragma once
#include <string_view>

#include "base/text.h"

namespace mo {

enum class LogLevel : int32_t { error = 1, warning = 2, info = 3, debug = 4 };

// Called from any thread. `level` is the most verbose one wanted. A null function turns logging off.
using LogFunction = void (*)(void* user, LogLevel level, const char* message);
void set_log(LogFunction function, void* user, LogLevel level);
bool log_wanted(LogLevel level);
void log_message(LogLevel level, const std::string& message);

template <class... Args>
void log(LogLevel level, const Args&... args) {
  if (log_wanted(level)) log_message(level, text(args...));
}

}  // namespace mo
