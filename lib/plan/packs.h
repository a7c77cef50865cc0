// Packed constants by what they were made of, found again by a session's plans and, where a store is given, by other processes.
#pragma once
#include <map>
#include <mutex>
#include <string>

#include "kernels/kernel.h"

namespace mo::plan {

class PackStore;

class Packs : public kernels::PackCache {
 public:
  kernels::Pack get(const kernels::PackKey& key, const std::function<kernels::Pack()>& make) override;
  void use(PackStore* store) { store_ = store; }  // which outlives this object; before the first get()

 private:
  std::mutex mutex_;
  std::map<std::string, kernels::Pack> entries_;
  PackStore* store_ = nullptr;
};

}  // namespace mo::plan
