// mo_peak: what this machine multiplies and reads at most, as JSON; mo profile --peak and bench/table.py compare with it.
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <thread>

#include "base/cpu.h"
#include "kernels.h"

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

volatile int64_t kept = 0;  // so that no loop is dropped

struct Rate {
  double best = 0, median = 0;
};

// Runs `work(thread)` on all threads at once, again and again; `units` is what all of them do together in one go.
template <class Work>
Rate measure(int threads, double seconds, double units, Work work) {
  std::vector<double> rates;
  bool more = true;
  Clock::time_point start, begin = Clock::now();
  std::barrier ready(threads), done(threads);
  auto loop = [&](int t) {
    while (true) {
      ready.arrive_and_wait();
      if (t == 0) start = Clock::now();
      kept = kept + work(t);
      done.arrive_and_wait();
      if (t == 0) {
        rates.push_back(units / seconds_since(start));
        more = seconds_since(begin) < seconds || rates.size() < 3;
      }
      ready.arrive_and_wait();
      if (!more) return;
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(loop, t);
  loop(0);
  for (auto& t : others) t.join();
  std::sort(rates.begin(), rates.end());
  return {rates.back(), rates[rates.size() / 2]};
}

Rate multiply_rate(const peak::Multiply& m, int threads, double seconds) {
  int64_t turns = 1000;
  for (double took = 0; took < 2e-3; turns *= 2) {
    const auto start = Clock::now();
    kept = kept + m.run(turns);
    took = seconds_since(start);
  }
  const double units = static_cast<double>(turns * m.macs_per_turn) * threads / 1e9;
  return measure(threads, seconds, units, [&](int) { return m.run(turns); });
}

Rate read_rate(int threads, double seconds, int64_t bytes) {
  const peak::Read read = peak::read();
  const int64_t lines = bytes / threads / 64 / 8 * 8, each = lines * 64;
  auto release = [](char* p) { ::operator delete (p, std::align_val_t{1 << 21}); };
  std::vector<std::unique_ptr<char, decltype(release)>> memory;
  for (int t = 0; t < threads; ++t) {
    memory.emplace_back(static_cast<char*>(::operator new (static_cast<size_t>(each), std::align_val_t{1 << 21})), release);
    std::memset(memory.back().get(), t + 1, static_cast<size_t>(each));
  }
  Rate best;
  for (int streams : {1, 2, 4}) {
    Rate r = measure(threads, seconds / 3, static_cast<double>(each * threads) / 1e9,
                     [&](int t) { return read.run(memory[static_cast<size_t>(t)].get(), lines, streams); });
    if (r.best > best.best) best = r;
  }
  return best;
}

int usage() {
  std::fprintf(stderr, "usage: mo_peak [--threads N] [--seconds S] [--megabytes M]   seconds of each measurement [0.3]; memory that is read [512]\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 1;
  double seconds = 0.3, megabytes = 512;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--threads") threads = std::atoi(argv[i + 1]);
    else if (flag == "--seconds") seconds = std::atof(argv[i + 1]);
    else if (flag == "--megabytes") megabytes = std::atof(argv[i + 1]);
    else return usage();
  }
  if (argc % 2 == 0 || threads < 1 || threads > 1024 || !(seconds > 0 && seconds < 600) || !(megabytes >= 1 && megabytes < 1e6)) return usage();
  std::string best, median, how;
  for (const peak::Multiply& m : peak::multiplies()) {
    const Rate r = multiply_rate(m, threads, seconds);
    const char* comma = best.empty() ? "" : ", ";
    char text[128];
    std::snprintf(text, sizeof text, "%s\"%s\": %.1f", comma, m.arithmetic, r.best);
    best += text;
    std::snprintf(text, sizeof text, "%s\"%s\": %.1f", comma, m.arithmetic, r.median);
    median += text;
    std::snprintf(text, sizeof text, "%s\"%s\": \"%s\"", comma, m.arithmetic, m.how);
    how += text;
  }
  const Rate r = read_rate(threads, seconds, static_cast<int64_t>(megabytes * 1e6));
  std::printf(
      "{\"cpu\": \"%s\", \"isa\": \"%s\", \"threads\": %d,\n \"gmacs\": {%s},\n \"median_gmacs\": {%s},\n \"how\": {%s},\n"
      " \"read_gbytes_per_s\": %.1f, \"median_read_gbytes_per_s\": %.1f}\n",
      mo::cpu_name().c_str(), mo::cpu_isa_name().c_str(), threads, best.c_str(), median.c_str(), how.c_str(), r.best, r.median);
  return 0;
}
