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

uint64_t content_hash(const void* data, int64_t bytes) {
  const uint64_t k = 0x9E3779B97F4A7C15ull;
  uint64_t lane[4] = {k, k ^ 0x123456789abcdefull, ~k, static_cast<uint64_t>(bytes)};
  const char* p = static_cast<const char*>(data);
  int64_t i = 0;
  for (; i + 32 <= bytes; i += 32)
    for (int j = 0; j < 4; ++j) {
      uint64_t v;
      std::memcpy(&v, p + i + 8 * j, 8);
      lane[j] = (lane[j] ^ v) * k;
      lane[j] ^= lane[j] >> 29;
    }
  uint64_t h = 0;
  for (; i < bytes; ++i) h = (h ^ static_cast<unsigned char>(p[i])) * k;
  for (uint64_t l : lane) h = (h ^ l ^ (h >> 31)) * k;
  return h;
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

std::string content_key(const Tensor& constant) {
  int64_t bytes = constant.bytes();
  return text(name(constant.dtype()), " ", std::span<const int64_t>(constant.shape()), " ", content_hash(constant.raw(), bytes));
}

std::string constant_key(const Request& request, const Tensor& constant) {
  bool own =
      std::any_of(request.inputs.begin(), request.inputs.end(), [&](const Operand& x) { return x.constant && x.constant->raw() == constant.raw(); });
  return own ? text("@", reinterpret_cast<uintptr_t>(constant.raw())) : content_key(constant);
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

std::shared_ptr<const void> pack(const Request& request, const Tensor& constant, const Desc& from, const Desc& to) {
  if (from == to) return hold(constant);
  auto make = [&]() -> std::shared_ptr<const void> {
    std::shared_ptr<void> packed = aligned_bytes(to.get_size());
    dnnl::memory src(from, engine(), const_cast<void*>(constant.raw())), dst(to, engine(), packed.get());
    Team team(request.threads);
    dnnl::stream s(engine());
    dnnl::reorder(src, dst).execute(s, src, dst);
    s.wait();
    return packed;
  };
  if (!request.packs) return make();
  Desc f = from, t = to;  // get_blob is not const
  std::vector<uint8_t> a = f.get_blob(), b = t.get_blob();
  std::string key = text("onednn ", constant_key(request, constant), " ");
  key.append(a.begin(), a.end());
  key.append(b.begin(), b.end());
  return request.packs->get(key, make);
}

std::unique_ptr<Step> reorder(const Desc& from, const Desc& to, int threads) {
  Team team(threads);
  dnnl::reorder::primitive_desc pd(engine(), from, engine(), to);
  auto step = std::make_unique<Step>(dnnl::reorder(pd), threads);
  return step;
}

}  // namespace mo::kernels::onednn
