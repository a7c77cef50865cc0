// What tells one model's packs from another's, and the way to the file.
#include "plan/pack_store.h"

#include <bit>

#include "base/error.h"
#include "base/log.h"

namespace mo::plan {

namespace {

// What a graph computes, as text, less the contents of large constants: those are in the keys of their packs.
class Outline {
 public:
  void add(const graph::Graph& g) {
    for (graph::ValueId v = 0; v < g.value_count(); ++v)
      if (g.value(v).is_constant()) item("constant", v), add(g.value(v).constant);
    for (graph::NodeId id : g.order()) {
      const graph::Node& n = g.node(id);
      item(n.op, n.domain, n.inputs.size());
      for (graph::ValueId v : n.inputs) item(v);
      for (graph::ValueId v : n.outputs) item(v);
      for (const auto& [key, value] : n.attributes) {
        item(key);
        std::visit([&](const auto& x) { add(x); }, value);
      }
    }
  }
  std::string finish() const { return hex(content_hash(text_)); }

 private:
  static constexpr int64_t k_small_bytes = int64_t{1} << 16;

  template <class... Parts>
  void item(const Parts&... parts) {
    ((text_ += text(parts, '\n')), ...);
  }
  void add(const Tensor& t) {
    item(name(t.dtype()), std::span<const int64_t>(t.shape()));
    if (t.dtype() != DType::string && t.bytes() < k_small_bytes) item(hex(content_hash(t.raw(), static_cast<size_t>(t.bytes()))));
  }
  void add(const graph::GraphPtr& g) { add(*g); }
  void add(const graph::Type& t) { item(graph::describe(t)); }
  void add(int64_t x) { item(x); }
  void add(float x) { item(std::bit_cast<uint32_t>(x)); }
  void add(const std::string& x) { item(x.size(), x); }
  template <class T>
  void add(const std::vector<T>& list) {
    item(list.size());
    for (const T& x : list) add(x);
  }

  std::string text_;
};

}  // namespace

PackStore::PackStore(const std::string& folder, const graph::Graph& model) {
  const std::string build = kernels::pack_identity();
  if (build.empty()) {
    log(LogLevel::warning, "cache_folder is not used: this build of libmo has no build id");
    return;
  }
  Outline outline;
  outline.add(model);
  file_.emplace(folder, text(build, ", model ", outline.finish()));
}

kernels::Pack PackStore::get(const ContentHash& key, int64_t bytes, const std::function<kernels::Pack()>& make) {
  std::lock_guard lock(mutex_);
  if (auto it = made_.find(key); it != made_.end()) return it->second.data;
  kernels::Pack pack;
  if (file_) pack = file_->find(key, bytes);
  ++(pack ? counts_.mapped : counts_.made);
  if (pack) return pack;
  pack = make();
  if (file_) made_[key] = {pack, bytes};
  unsaved_ = file_.has_value();
  return pack;
}

void PackStore::save() {
  std::lock_guard lock(mutex_);
  if (!unsaved_) return;
  unsaved_ = false;
  try {
    file_->save(made_);
  } catch (const Error& e) { log(LogLevel::warning, "packed weights are not kept: ", e.message()); }
  made_.clear();  // whoever uses them holds them
}

PackStore::Counts PackStore::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace mo::plan
