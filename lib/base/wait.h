// Waiting on a condition variable without std::condition_variable::wait, which asks for a newer libstdc++ (3.4.30) than anything else here.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace mo {

template <class Ready>
void wait(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, Ready ready) {
  while (!ready()) changed.wait_for(lock, std::chrono::hours(1));
}

}  // namespace mo
