// Threads: how many to use here, and a parallel loop over the one OpenMP runtime that oneDNN uses too.
#pragma once
#include <cstdint>
#include <functional>
#include <type_traits>

namespace mo {

// Processors this process may really use: affinity mask and cgroup quota (v1 and v2), at least 1.
int available_threads();
// A caller's wish made usable: <= 0 means available_threads(); never above k_max_threads.
int resolve_threads(int wanted);
inline constexpr int k_max_threads = 1024;
// How many of `wanted` threads (the caller's among them) can exist at once. libgomp ends the process when it cannot start a thread, so
// ask this before handing a number to OpenMP or oneDNN; the answer is remembered and cheap from then on.
int startable_threads(int wanted);

// Calls work(from, to) on disjoint pieces that cover [begin, end), each a multiple of `grain` long (but the last), on at most
// `threads` threads, the caller's among them. One piece or one thread: no OpenMP region at all. Pieces depend on begin, end, grain
// and threads only. The first exception of any piece is thrown in the caller after all pieces ended. Threads that cannot be had mean
// fewer threads. Nested calls run on the calling thread.
using RangeWork = void (*)(void* context, int64_t from, int64_t to);
void parallel_ranges(int64_t begin, int64_t end, int64_t grain, int threads, RangeWork work, void* context);

template <class F>
void parallel_for(int64_t begin, int64_t end, int64_t grain, int threads, F&& body) {
  using Body = std::remove_reference_t<F>;
  parallel_ranges(
      begin, end, grain, threads, [](void* context, int64_t from, int64_t to) { (*static_cast<Body*>(context))(from, to); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace mo
