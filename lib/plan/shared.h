// What all plans of one session share: options, packed constants, blocks of memory for intermediate values.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "plan/pack_store.h"
#include "plan/packs.h"

namespace mo::plan {

struct Options {
  int threads = 1;
  bool optimize = true;                       // false: reference kernels only, no passes
  std::vector<std::string> disabled_passes;   // by Pass::name
  std::vector<std::string> disabled_kernels;  // by Candidate::name
  std::vector<std::string> observed;          // names of values shown to RunState::on_value
  bool observed_as_stored = false;            // in the layout they have, not reordered to the plain one
  int64_t memory_limit = 0;                   // bytes of one run; 0: none
  int max_plans = 16;                         // per graph or subgraph
  bool bf16 = false;                          // kernels::Request::bf16
  bool release_weights = false;               // give up constants of the model once they are packed: one set of shapes only
};

// One block of aligned memory.
class Workspace {
 public:
  explicit Workspace(int64_t bytes);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  char* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  char* data_;
  int64_t bytes_;
};

// Idle blocks, last returned first out, so that a plan run again and again meets the memory it knows.
class WorkspacePool {
 public:
  std::unique_ptr<Workspace> take(int64_t bytes);
  void give(std::unique_ptr<Workspace> workspace) noexcept;
  int64_t total_bytes() const { return total_.load(std::memory_order_relaxed); }  // idle and in use
  int64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> idle_;
  std::atomic<int64_t> total_{0}, count_{0};
};

// Addresses of constants that live as long as the session.
class Lasting {
 public:
  void add(const void* data);
  void remove(const void* data);
  bool has(const void* data) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_set<const void*> data_;
};

struct Shared {
  Options options;
  std::unique_ptr<PackStore> store;  // where packs are kept between processes
  Packs packs;
  WorkspacePool workspaces;
  // Only constants stored here may be packed under a key that outlives a plan, because a key may name an address.
  Lasting lasting;
};

}  // namespace mo::plan
