// Each child takes every n-th job from where it is told, and writes one record per job to a pipe; a new child goes on behind a crash.
#include "node/isolate.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>

namespace mo::node_tests {

namespace {

bool read_all(int fd, void* data, size_t bytes) {
  char* p = static_cast<char*>(data);
  while (bytes > 0) {
    ssize_t n = ::read(fd, p, bytes);
    if (n <= 0) return false;
    p += n;
    bytes -= static_cast<size_t>(n);
  }
  return true;
}

void write_all(int fd, const void* data, size_t bytes) {
  const char* p = static_cast<const char*>(data);
  while (bytes > 0) {
    ssize_t n = ::write(fd, p, bytes);
    if (n <= 0) _exit(3);
    p += n;
    bytes -= static_cast<size_t>(n);
  }
}

struct Child {
  pid_t pid = -1;
  int fd = -1;
  size_t next = 0;  // job whose record is awaited
};

Child start(size_t first, size_t count, size_t step, unsigned seconds, long memory_mb, const std::function<std::string(size_t)>& job) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  std::fflush(nullptr);
  pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    if (memory_mb > 0) {
      rlimit limit{static_cast<rlim_t>(memory_mb) << 20, static_cast<rlim_t>(memory_mb) << 20};
      ::setrlimit(RLIMIT_AS, &limit);
    }
    for (size_t i = first; i < count; i += step) {
      ::alarm(seconds);
      std::string result = job(i);
      ::alarm(0);  // the parent may be busy with another lane
      uint64_t size = result.size();
      write_all(ends[1], &size, sizeof size);
      write_all(ends[1], result.data(), result.size());
    }
    _exit(0);
  }
  ::close(ends[1]);
  return {pid, ends[0], first};
}

}  // namespace

std::vector<std::string> run_isolated(size_t count, int processes, unsigned seconds, long memory_mb, const std::function<std::string(size_t)>& job) {
  std::vector<std::string> results(count, "not run");
  size_t step = static_cast<size_t>(processes < 1 ? 1 : processes);
  std::vector<Child> children;
  for (size_t lane = 0; lane < step && lane < count; ++lane) children.push_back(start(lane, count, step, seconds, memory_mb, job));
  for (Child& child : children) {  // pipes hold what the other lanes write meanwhile; a full pipe makes a lane wait, no more
    while (child.next < count && child.pid > 0) {
      uint64_t size = 0;
      bool ok = read_all(child.fd, &size, sizeof size);
      std::string result(ok ? size : 0, '\0');
      ok = ok && read_all(child.fd, result.data(), result.size());
      if (ok) {
        results[child.next] = std::move(result);
        child.next += step;
        continue;
      }
      int status = 0;
      ::close(child.fd);
      ::waitpid(child.pid, &status, 0);
      bool timeout = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
      results[child.next] = timeout ? "TIMEOUT" : "CRASH: signal " + std::to_string(WIFSIGNALED(status) ? WTERMSIG(status) : -1);
      child = start(child.next + step, count, step, seconds, memory_mb, job);
    }
    if (child.pid > 0) {
      ::close(child.fd);
      ::waitpid(child.pid, nullptr, 0);
    }
  }
  return results;
}

}  // namespace mo::node_tests
