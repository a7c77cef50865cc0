// While the machine is busy, idle OpenMP threads sleep instead of spinning.
#pragma once

namespace mo {

// To be called now and then by a thread that has just used a team of `team` threads; costs a clock reading, and every 100 ms a look at how
// often this process lost its processor. libgomp lets waiting threads spin for milliseconds, which on a busy machine takes the processor from the
// very thread that is waited for; it spins a thousand times less while it counts more threads than processors. So, while busy, a
// few threads are kept asleep only to be counted.
void notice_load(int team);

bool is_calm();  // such threads exist now

// While one lives, parallel loops of this thread (base/threads.h) run all of their shares on it, one after another: the same results without waking anybody.
class OnCaller {
 public:
  explicit OnCaller(bool wanted);
  ~OnCaller();
  OnCaller(const OnCaller&) = delete;
  OnCaller& operator=(const OnCaller&) = delete;

 private:
  bool before_;
};
bool runs_on_caller();

}  // namespace mo
