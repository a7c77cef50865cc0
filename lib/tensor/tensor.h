// Tensor: a typed, shaped block of memory whose storage is shared and copied only when written.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/float_types.h"
#include "tensor/dtype.h"

namespace mo {

using Shape = std::vector<int64_t>;  // sizes >= 0, outermost first; row-major storage

int64_t element_count(std::span<const int64_t> shape);  // checked product; throws Code::shape / Code::limit
inline constexpr int64_t k_max_rank = 64;
inline constexpr size_t k_alignment = 64;  // of every block libmo allocates

class Tensor {
 public:
  Tensor() = default;  // dtype undefined: "no tensor"

  static Tensor allocate(DType dtype, Shape shape);  // memory not initialised (strings: empty)
  static Tensor zeros(DType dtype, Shape shape);
  // Uses foreign memory that must outlive the tensor (arena slots, caller's buffers). Writable, never copied on write.
  static Tensor borrow(DType dtype, Shape shape, void* data);
  // Shares read-only memory kept alive by `owner` (mapped files, other tensors' storage); writing copies first.
  static Tensor adopt(DType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner);
  static Tensor copy_of(DType dtype, Shape shape, const void* data);
  template <class T>
  static Tensor of(Shape shape, std::span<const T> values);
  template <class T>
  static Tensor of(Shape shape, std::initializer_list<T> values) {
    return of<T>(std::move(shape), std::span<const T>(values.begin(), values.size()));
  }
  template <class T>
  static Tensor scalar(T value) {
    return of<T>({}, std::span<const T>(&value, 1));
  }

  bool empty() const { return dtype_ == DType::undefined; }
  explicit operator bool() const { return !empty(); }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t rank() const { return static_cast<int64_t>(shape_.size()); }
  int64_t dim(int64_t axis) const;        // negative counts from the end; throws Code::shape outside
  int64_t size() const { return size_; }  // elements
  int64_t bytes() const;                  // storage bytes; strings: sum of lengths

  const void* raw() const { return data_; }
  void* raw_mutable();  // copies shared or read-only storage first
  // Points a tensor without an owner (borrowed, or adopted from nobody) at other memory of the same size.
  void rebind(void* data) {
    MO_ASSERT(!owner_);
    data_ = data;
  }
  template <class T>
  const T* data() const {
    check_type(dtype_of<T>());
    return static_cast<const T*>(data_);
  }
  template <class T>
  T* mutable_data() {
    check_type(dtype_of<T>());
    return static_cast<T*>(raw_mutable());
  }
  template <class T>
  std::span<const T> values() const {
    return {data<T>(), static_cast<size_t>(size_)};
  }
  const std::string* strings() const { return data<std::string>(); }

  Tensor reshaped(Shape shape) const;  // same storage, same element count
  Tensor clone() const;                // storage of its own
  Tensor cast(DType dtype) const;      // numeric conversion as ONNX Cast (saturating fp8); not for strings
  bool shares_storage(const Tensor& other) const { return data_ == other.data_; }
  bool owns() const { return owner_ != nullptr; }

  // Single elements converted to/from double, int64: for scalars, attributes, tests. Any numeric dtype; index into flat storage.
  double number(int64_t index = 0) const;
  int64_t integer(int64_t index = 0) const;  // floats are truncated
  void set_number(int64_t index, double value);
  std::vector<int64_t> integers() const;  // all elements
  std::vector<float> floats() const;

 private:
  void check_type(DType wanted) const;

  DType dtype_ = DType::undefined;
  bool writable_ = false;  // storage made by this library and not shared read-only
  Shape shape_;
  int64_t size_ = 0;
  void* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

// Bitwise equality of dtype, shape and contents.
bool identical(const Tensor& a, const Tensor& b);
std::string describe(const Tensor& t);  // "float32[1, 3, 224, 224]"

template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::f64;
}
template <>
constexpr DType dtype_of<uint8_t>() {
  return DType::u8;
}
template <>
constexpr DType dtype_of<int8_t>() {
  return DType::i8;
}
template <>
constexpr DType dtype_of<uint16_t>() {
  return DType::u16;
}
template <>
constexpr DType dtype_of<int16_t>() {
  return DType::i16;
}
template <>
constexpr DType dtype_of<int32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<int64_t>() {
  return DType::i64;
}
template <>
constexpr DType dtype_of<uint32_t>() {
  return DType::u32;
}
template <>
constexpr DType dtype_of<uint64_t>() {
  return DType::u64;
}
template <>
constexpr DType dtype_of<bool>() {
  return DType::boolean;
}
template <>
constexpr DType dtype_of<half>() {
  return DType::f16;
}
template <>
constexpr DType dtype_of<bfloat16>() {
  return DType::bf16;
}
template <>
constexpr DType dtype_of<f8e4m3fn>() {
  return DType::f8e4m3fn;
}
template <>
constexpr DType dtype_of<f8e4m3fnuz>() {
  return DType::f8e4m3fnuz;
}
template <>
constexpr DType dtype_of<f8e5m2>() {
  return DType::f8e5m2;
}
template <>
constexpr DType dtype_of<f8e5m2fnuz>() {
  return DType::f8e5m2fnuz;
}
template <>
constexpr DType dtype_of<f8e8m0>() {
  return DType::f8e8m0;
}
template <>
constexpr DType dtype_of<std::string>() {
  return DType::string;
}

template <class T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  Tensor t = allocate(dtype_of<T>(), std::move(shape));
  require(t.size() == static_cast<int64_t>(values.size()), Code::shape, "tensor of ", t.size(), " elements given ", values.size(), " values");
  T* dst = t.mutable_data<T>();
  for (size_t i = 0; i < values.size(); ++i) dst[i] = values[i];
  return t;
}

}  // namespace mo
