// mo_dataset: a data set that serves one call at a time.
#pragma once
#include <atomic>
#include <memory>

#include "api/options.h"
#include "data/dataset.h"

struct mo_dataset : mo::api::Handle<0x6d6f6461> {
  explicit mo_dataset(std::unique_ptr<mo::data::Dataset> d) : dataset(std::move(d)) {}
  const std::unique_ptr<mo::data::Dataset> dataset;
  std::atomic<bool> taken{false};
};
