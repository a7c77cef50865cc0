// Signals, progress bar and output of the command line.
#include "terminal.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>

namespace cli {

namespace {

std::atomic<mo_control*> g_control{nullptr};
std::atomic<bool> g_interrupted{false};
std::atomic<int> g_uninterrupted{0};
bool g_bar_shown = false;

extern "C" void on_signal(int) {
  bool again = g_interrupted.exchange(true);
  if (g_uninterrupted.load() == 0 || again) {
    static const char text[] = "\nmo: interrupted\n";
    ssize_t ignored = write(2, text, sizeof text - 1);
    (void)ignored;
    _exit(k_interrupted);
  }
  mo_control_cancel(g_control.load());
}

int32_t on_progress(void*, const char* stage, int64_t done, int64_t total) {
  show_progress(stage, done, total);
  return 0;
}

}  // namespace

mo_control* control() {
  if (!g_control) {
    mo_control* made = nullptr;
    check(mo_control_create(on_progress, nullptr, &made));
    g_control = made;
  }
  return g_control;
}

void catch_signals() {
  control();
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

bool interrupted() { return g_interrupted; }

Uninterrupted::Uninterrupted() { ++g_uninterrupted; }
Uninterrupted::~Uninterrupted() { --g_uninterrupted; }

void show_progress(const char* stage, int64_t done, int64_t total) {
  using Clock = std::chrono::steady_clock;
  static const bool terminal = isatty(2) == 1;
  static Clock::time_point start = Clock::now(), last;
  static std::string current;
  if (!terminal) return;
  auto now = Clock::now();
  if (current != stage) current = stage, start = now, last = {};
  if (now - last < std::chrono::milliseconds(100) && done != total) return;
  last = now;
  int seconds = static_cast<int>(std::chrono::duration<double>(now - start).count());
  if (total > 0) {
    constexpr int k_width = 30;
    int filled = static_cast<int>(k_width * (done < total ? done : total) / total);
    std::string bar(static_cast<size_t>(filled), '=');
    if (filled < k_width) bar += '>';
    bar.resize(k_width, ' ');
    std::fprintf(stderr, "\r\033[K%s  [%s]  %lld/%lld  %d:%02d", stage, bar.c_str(), static_cast<long long>(done), static_cast<long long>(total),
                 seconds / 60, seconds % 60);
  } else {
    std::fprintf(stderr, "\r\033[K%s  %lld  %d:%02d", stage, static_cast<long long>(done), seconds / 60, seconds % 60);
  }
  std::fflush(stderr);
  g_bar_shown = true;
}

void clear_progress() {
  if (g_bar_shown) std::fputs("\r\033[K", stderr);
  g_bar_shown = false;
}

void print(const std::string& text) {
  clear_progress();
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.empty() && text.back() != '\n') std::fputc('\n', stdout);
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw Failure(k_failed, std::string("standard output: ") + std::strerror(errno));
}

void write_file(const std::string& path, const std::string& text) {
  std::string temporary = path + ".part";
  std::FILE* file = std::fopen(temporary.c_str(), "w");
  bool ok = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  ok = (!file || std::fclose(file) == 0) && ok;
  if (ok && std::rename(temporary.c_str(), path.c_str()) == 0) return;
  unlink(temporary.c_str());
  throw Failure(k_failed, path + ": cannot be written");
}

}  // namespace cli
