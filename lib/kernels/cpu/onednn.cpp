// oneDNN as this library uses it: engine, streams, bound primitives, packed constants.
#include "kernels/cpu/onednn.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

namespace mo::kernels::onednn {

const dnnl::engine& engine() {
  static const dnnl::engine* cpu = new dnnl::engine(dnnl::engine::kind::cpu, 0);  // never destroyed: threads may outlive main
  return *cpu;
}

namespace {

dnnl_stream_t stream() {
  thread_local const dnnl::stream mine(engine());
  return mine.get();
}

std::shared_ptr<void> aligned_bytes(size_t bytes) {
  void* p = std::aligned_alloc(k_alignment, (bytes + k_alignment - 1) / k_alignment * k_alignment + k_alignment);
  require(p != nullptr, Code::out_of_memory, "out of memory: ", bytes, " bytes for packed constants");
  return {p, [](void* q) { std::free(q); }};
}

}  // namespace

Type data_type(DType dtype) {
  switch (dtype) {
    case DType::f32: return Type::f32;
    case DType::bf16: return Type::bf16;
    case DType::f16: return Type::f16;
    case DType::i32: return Type::s32;
    case DType::i8: return Type::s8;
    case DType::u8: return Type::u8;
    default: return Type::undef;
  }
}

Dims row_major(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

Desc describe(DType dtype, const Shape& shape, Layout layout) {
  Dims dims = shape;
  if (dims.empty()) dims.push_back(1);
  Dims strides = row_major(dims);
  if (layout == Layout::channels_last && dims.size() > 2) {
    strides[1] = 1;
    int64_t step = dims[1];
    for (size_t i = dims.size(); i-- > 2;) {
      strides[i] = step;
      step *= dims[i];
    }
    strides[0] = step;
  }
  return Desc(dims, data_type(dtype), strides);
}

Desc strided(DType dtype, const Dims& dims, const Dims& strides) { return Desc(dims, data_type(dtype), strides); }
Desc any(DType dtype, const Dims& dims) { return Desc(dims, data_type(dtype), dnnl::memory::format_tag::any); }

bool is_reference(const std::string& impl_info) { return impl_info.starts_with("ref") || impl_info.starts_with("simple:any"); }

Team::Team(int threads) : before_(omp_get_max_threads()) {
  if (threads != before_) omp_set_num_threads(threads);
}
Team::~Team() {
  if (omp_get_max_threads() != before_) omp_set_num_threads(before_);
}

struct Step::Frame {
  std::vector<dnnl::memory> memories;
  std::vector<dnnl_exec_arg_t> args;
  Frame* next = nullptr;
};

struct Step::Pool {
  std::atomic<Frame*> one{nullptr};  // the frame of the usual case: one execution at a time
  std::mutex lock;
  Frame* rest = nullptr;
};

Step::Step(dnnl::primitive primitive, int threads) : primitive_(std::move(primitive)), threads_(threads), pool_(new Pool) {}

Step::~Step() {
  delete pool_->one.load();
  while (pool_->rest) delete std::exchange(pool_->rest, pool_->rest->next);
}

void Step::src(int arg, const Desc& desc, int input, int64_t byte_offset) {
  bindings_.push_back({arg, desc, Source::src, input, byte_offset, nullptr});
}
void Step::dst(int arg, const Desc& desc, int output, int64_t byte_offset) {
  bindings_.push_back({arg, desc, Source::dst, output, byte_offset, nullptr});
}
void Step::scratch(int arg, const Desc& desc, int64_t byte_offset) {
  if (desc.get_size() > 0) bindings_.push_back({arg, desc, Source::scratch, 0, byte_offset, nullptr});
}
void Step::fixed(int arg, const Desc& desc, std::shared_ptr<const void> data) {
  bindings_.push_back({arg, desc, Source::fixed, 0, 0, std::move(data)});
}
void Step::free(int arg, const Desc& desc) { bindings_.push_back({arg, desc, Source::free, 0, 0, nullptr}); }

Step::Frame* Step::take() const {
  if (Frame* f = pool_->one.exchange(nullptr, std::memory_order_acquire)) return f;
  {
    std::lock_guard guard(pool_->lock);
    if (pool_->rest) return std::exchange(pool_->rest, pool_->rest->next);
  }
  auto f = std::make_unique<Frame>();
  for (const Binding& b : bindings_) {
    void* fixed = const_cast<void*>(b.data.get());
    f->memories.emplace_back(b.desc, engine(), fixed ? fixed : DNNL_MEMORY_NONE);
    f->args.push_back({b.arg, f->memories.back().get()});
  }
  return f.release();
}

void Step::give(Frame* frame) const {
  frame = pool_->one.exchange(frame, std::memory_order_acq_rel);
  if (!frame) return;
  std::lock_guard guard(pool_->lock);
  frame->next = pool_->rest;
  pool_->rest = frame;
}

void Step::run(const Args& args) const { run_on(args, nullptr); }

void Step::run_on(const Args& args, void* const* pointers) const {
  Frame* frame = take();
  dnnl_status_t status = dnnl_success;
  for (size_t i = 0; i < bindings_.size(); ++i) {
    const Binding& b = bindings_[i];
    char* p = nullptr;
    switch (b.source) {
      case Source::src: p = static_cast<char*>(const_cast<void*>(args.src[b.index])); break;
      case Source::dst: p = static_cast<char*>(args.dst[b.index]); break;
      case Source::scratch: p = static_cast<char*>(args.scratch); break;
      case Source::free: p = static_cast<char*>(*pointers++); break;
      case Source::fixed: continue;
    }
    dnnl_status_t s = dnnl_memory_set_data_handle(frame->args[i].memory, p + b.offset);
    if (s != dnnl_success) status = s;
  }
  if (status == dnnl_success) {
    Team team(threads_);
    status = dnnl_primitive_execute(primitive_.get(), stream(), static_cast<int>(frame->args.size()), frame->args.data());
  }
  give(frame);
  require(status == dnnl_success, status == dnnl_out_of_memory ? Code::out_of_memory : Code::internal, "oneDNN execution: status ",
          static_cast<int>(status));
}

std::shared_ptr<const void> hold(const Tensor& tensor) {
  auto kept = std::make_shared<Tensor>(tensor);
  return {kept, kept->raw()};
}

std::shared_ptr<const void> floats(std::vector<float> values) {
  auto kept = std::make_shared<std::vector<float>>(std::move(values));
  return {kept, kept->data()};
}

std::shared_ptr<const void> ints(std::vector<int32_t> values) {
  auto kept = std::make_shared<std::vector<int32_t>>(std::move(values));
  return {kept, kept->data()};
}

namespace {

// Equal for equal layouts, in every process. The blob alone would not be: it has bytes that nobody sets. Where more than blocks lies in the memory
// (sums for 8-bit products, opaque formats), which no query tells, it is taken all the same: another key for the same layout costs a pack, no more.
std::string layout_key(const Desc& desc) {
  auto list = [](const Dims& dims) { return text(std::span<const int64_t>(dims)); };
  std::string key =
      text(static_cast<int>(desc.get_data_type()), list(desc.get_dims()), list(desc.get_padded_dims()), list(desc.get_padded_offsets()));
  auto bytes = static_cast<int64_t>(dnnl::memory::data_type_size(desc.get_data_type()));
  for (int64_t dim : desc.get_padded_dims()) bytes *= dim;
  if (desc.get_format_kind() == dnnl::memory::format_kind::blocked) {
    key += text(list(desc.get_strides()), list(desc.get_inner_blks()), list(desc.get_inner_idxs()), desc.get_submemory_offset());
    if (bytes == static_cast<int64_t>(desc.get_size())) return key;
  }
  Desc copy = desc;  // get_blob is not const
  const std::vector<uint8_t> blob = copy.get_blob();
  return key.append(blob.begin(), blob.end());
}

}  // namespace

std::shared_ptr<const void> pack(const Request& request, const Tensor& constant, const Desc& from, const Desc& to) {
  if (from == to) return hold(constant);
  auto make = [&]() -> Pack {
    std::shared_ptr<void> packed = aligned_bytes(to.get_size());
    dnnl::memory src(from, engine(), const_cast<void*>(constant.raw())), dst(to, engine(), packed.get());
    Team team(request.threads);
    dnnl::stream s(engine());
    dnnl::reorder(src, dst).execute(s, src, dst);
    s.wait();
    return packed;
  };
  return request.packed(constant, text("onednn ", layout_key(from), " ", layout_key(to)), static_cast<int64_t>(to.get_size()), make);
}

std::unique_ptr<Step> reorder(const Desc& from, const Desc& to, int threads) {
  Team team(threads);
  dnnl::reorder::primitive_desc pd(engine(), from, engine(), to);
  auto step = std::make_unique<Step>(dnnl::reorder(pd), threads);
  return step;
}

}  // namespace mo::kernels::onednn
