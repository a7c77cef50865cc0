// mo_calibration: statistics of one model, fed by one thread at a time.
#pragma once
#include <atomic>
#include <memory>

#include "api/handle.h"
#include "quantize/calibration.h"

struct mo_calibration : mo::api::Handle<0x6d6f6361> {
  explicit mo_calibration(std::unique_ptr<mo::quantize::Calibration> c, int64_t most = -1) : calibration(std::move(c)), limit(most) {}
  const std::unique_ptr<mo::quantize::Calibration> calibration;
  const int64_t limit;  // samples taken in; -1: all
  mutable std::atomic<bool> taken{false};
};
