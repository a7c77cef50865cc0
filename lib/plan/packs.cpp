// Finding and making packs.
#include "plan/packs.h"

#include "base/hash.h"
#include "plan/pack_store.h"

namespace mo::plan {

namespace {

std::string by_contents(const kernels::PackKey& key) {
  const Tensor& t = key.constant;
  return text(name(t.dtype()), " ", std::span<const int64_t>(t.shape()), " ", hex(content_hash(t.raw(), static_cast<size_t>(t.bytes()))), " ",
              key.how);
}

}  // namespace

kernels::Pack Packs::get(const kernels::PackKey& key, const std::function<kernels::Pack()>& make) {
  std::lock_guard lock(mutex_);
  const bool stored = store_ && key.constant.bytes() >= PackStore::k_least_bytes;
  std::string durable;
  if (stored || !key.lasting) durable = by_contents(key);
  const std::string name = key.lasting ? text("@", reinterpret_cast<uintptr_t>(key.constant.raw()), " ", key.how) : durable;
  if (auto it = entries_.find(name); it != entries_.end()) return it->second;
  kernels::Pack pack = stored ? store_->get(content_hash(durable), key.bytes, make) : make();
  return entries_.emplace(name, std::move(pack)).first->second;
}

}  // namespace mo::plan
