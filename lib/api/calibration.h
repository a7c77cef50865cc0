// mo_calibration: statistics of one model, fed by one thread at a time.
#pragma once
#include <atomic>
#include <memory>

#include "api/handle.h"
#include "quantize/calibration.h"

struct mo_calibration : mo::api::Handle<0x6d6f6361> {
  explicit mo_calibration(std::unique_ptr<mo::quantize::Calibration> c) : calibration(std::move(c)) {}
  const std::unique_ptr<mo::quantize::Calibration> calibration;
  mutable std::atomic<bool> taken{false};
};
