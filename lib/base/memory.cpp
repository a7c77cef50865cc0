// Reads /proc and the cgroup files.
#include "base/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/system_files.h"

namespace mo {

namespace {

// "VmHWM:    1234 kB" -> bytes.
int64_t kilobytes_of(const std::string& text, const char* key) {
  size_t at = text.find(key);
  return at == std::string::npos ? 0 : std::strtoll(text.c_str() + at + std::strlen(key), nullptr, 10) * 1024;
}

}  // namespace

int64_t current_rss() { return kilobytes_of(read_system_file("/proc/self/status"), "VmRSS:"); }
int64_t peak_rss() { return kilobytes_of(read_system_file("/proc/self/status"), "VmHWM:"); }

bool reset_peak_rss() {
  int fd = ::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool ok = ::write(fd, "5", 1) == 1;
  ::close(fd);
  return ok;
}

int64_t available_memory() {
  int64_t machine = kilobytes_of(read_system_file("/proc/meminfo"), "MemAvailable:");
  for (const std::string& folder : cgroup_folders("memory")) {
    std::string limit = read_system_file(folder + "/memory.max"), used = read_system_file(folder + "/memory.current");
    if (limit.empty()) limit = read_system_file(folder + "/memory.limit_in_bytes"), used = read_system_file(folder + "/memory.usage_in_bytes");
    int64_t bytes = std::strtoll(limit.c_str(), nullptr, 10);  // "max" gives 0
    if (bytes <= 0 || bytes >= int64_t{1} << 60) continue;
    machine = std::min(machine, std::max<int64_t>(0, bytes - std::strtoll(used.c_str(), nullptr, 10)));
  }
  return machine;
}

void trim_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace mo
