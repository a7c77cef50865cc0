// Tensor storage: allocation, sharing, copy on write, element access.
#include "tensor/tensor.h"

#include <sys/mman.h>

#include <cmath>
#include <cstring>
#include <new>

#include "base/checked.h"
#include "tensor/convert.h"

namespace mo {

int64_t element_count(std::span<const int64_t> shape) {
  require(static_cast<int64_t>(shape.size()) <= k_max_rank, Code::limit, "rank ", shape.size(), " is above ", k_max_rank);
  return checked_product(shape);
}

namespace {

struct AlignedFree {
  void operator()(const void* p) const { ::operator delete (const_cast<void*>(p), std::align_val_t{k_alignment}); }
};

// Large blocks ask for huge pages: a model's weights then cost hundreds of page faults, not a hundred thousand.
void ask_for_huge_pages(void* block, int64_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr int64_t k_large = int64_t{4} << 20;
  if (bytes < k_large) return;
  constexpr uintptr_t k_page = 4096;
  uintptr_t from = (reinterpret_cast<uintptr_t>(block) + k_page - 1) & ~(k_page - 1),
            to = (reinterpret_cast<uintptr_t>(block) + static_cast<uintptr_t>(bytes)) & ~(k_page - 1);
  ::madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);  // a wish: failure changes nothing
#else
  (void)block, (void)bytes;
#endif
}

std::shared_ptr<void> aligned_block(int64_t bytes) {
  void* p = ::operator new (static_cast<size_t>(bytes), std::align_val_t{k_alignment});
  ask_for_huge_pages(p, bytes);
  return std::shared_ptr<void>(p, AlignedFree{});
}

}  // namespace

Tensor Tensor::allocate(DType dtype, Shape shape) {
  Tensor t;
  t.dtype_ = dtype;
  t.size_ = element_count(shape);
  t.shape_ = std::move(shape);
  t.writable_ = true;
  if (dtype == DType::string) {
    auto block = std::make_shared<std::vector<std::string>>(static_cast<size_t>(t.size_));
    t.data_ = block->data();
    t.owner_ = std::shared_ptr<const void>(block, block->data());
    if (!t.owner_ || !t.data_) t.owner_ = block;
  } else {
    auto block = aligned_block(std::max<int64_t>(storage_bytes(dtype, t.size_), 1));
    t.data_ = block.get();
    t.owner_ = std::move(block);
  }
  return t;
}

Tensor Tensor::zeros(DType dtype, Shape shape) {
  Tensor t = allocate(dtype, std::move(shape));
  if (dtype != DType::string) std::memset(t.data_, 0, static_cast<size_t>(t.bytes()));
  return t;
}

Tensor Tensor::borrow(DType dtype, Shape shape, void* data) {
  Tensor t;
  t.dtype_ = dtype;
  t.size_ = element_count(shape);
  t.shape_ = std::move(shape);
  t.data_ = data;
  t.writable_ = true;
  return t;
}

Tensor Tensor::adopt(DType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner) {
  Tensor t = borrow(dtype, std::move(shape), const_cast<void*>(data));
  t.writable_ = false;
  t.owner_ = std::move(owner);
  return t;
}

Tensor Tensor::copy_of(DType dtype, Shape shape, const void* data) {
  Tensor t = allocate(dtype, std::move(shape));
  if (dtype == DType::string) {
    const auto* src = static_cast<const std::string*>(data);
    for (int64_t i = 0; i < t.size_; ++i) static_cast<std::string*>(t.data_)[i] = src[i];
  } else if (t.bytes() > 0) {
    std::memcpy(t.data_, data, static_cast<size_t>(t.bytes()));
  }
  return t;
}

int64_t Tensor::dim(int64_t axis) const {
  int64_t a = axis < 0 ? axis + rank() : axis;
  require(a >= 0 && a < rank(), Code::shape, "axis ", axis, " outside rank ", rank());
  return shape_[static_cast<size_t>(a)];
}

int64_t Tensor::bytes() const {
  if (empty()) return 0;
  if (dtype_ != DType::string) return storage_bytes(dtype_, size_);
  int64_t n = 0;
  for (int64_t i = 0; i < size_; ++i) n += static_cast<int64_t>(strings()[i].size());
  return n;
}

void* Tensor::raw_mutable() {
  bool exclusive = writable_ && (!owner_ || owner_.use_count() == 1);
  if (!exclusive && !empty()) *this = clone();
  return data_;
}

void Tensor::check_type(DType wanted) const { require(dtype_ == wanted, Code::type, "tensor is ", name(dtype_), ", wanted ", name(wanted)); }

Tensor Tensor::reshaped(Shape shape) const {
  require(element_count(shape) == size_, Code::shape, "cannot view ", shape_, " as ", shape);
  Tensor t = *this;
  t.shape_ = std::move(shape);
  return t;
}

Tensor Tensor::clone() const { return empty() ? Tensor() : copy_of(dtype_, shape_, data_); }

Tensor Tensor::cast(DType dtype) const {
  if (dtype == dtype_) return *this;
  Tensor t = allocate(dtype, shape_);
  convert_elements(dtype_, data_, dtype, t.data_, size_);
  return t;
}

double Tensor::number(int64_t index) const {
  require(index >= 0 && index < size_, Code::shape, "element ", index, " of ", size_);
  return load_number(dtype_, data_, index);
}

int64_t Tensor::integer(int64_t index) const {
  require(index >= 0 && index < size_, Code::shape, "element ", index, " of ", size_);
  return load_integer(dtype_, data_, index);
}

void Tensor::set_number(int64_t index, double value) {
  require(index >= 0 && index < size_, Code::shape, "element ", index, " of ", size_);
  store_number(dtype_, raw_mutable(), index, value);
}

std::vector<int64_t> Tensor::integers() const {
  std::vector<int64_t> out(static_cast<size_t>(size_));
  for (int64_t i = 0; i < size_; ++i) out[static_cast<size_t>(i)] = load_integer(dtype_, data_, i);
  return out;
}

std::vector<float> Tensor::floats() const {
  std::vector<float> out(static_cast<size_t>(size_));
  if (size_ > 0) convert_elements(dtype_, data_, DType::f32, out.data(), size_);
  return out;
}

bool identical(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (a.empty()) return true;
  if (a.dtype() == DType::string) {
    for (int64_t i = 0; i < a.size(); ++i)
      if (a.strings()[i] != b.strings()[i]) return false;
    return true;
  }
  return a.bytes() == 0 || std::memcmp(a.raw(), b.raw(), static_cast<size_t>(a.bytes())) == 0;
}

std::string describe(const Tensor& t) { return text(name(t.dtype()), t.shape()); }

}  // namespace mo
