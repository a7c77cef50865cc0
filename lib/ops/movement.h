// Moving elements without looking at them: any dtype by its width, strings by assignment, packed 2-, 4- and 6-bit elements one by one.
#pragma once
#include <cstring>

#include "ops/helpers.h"

namespace mo::ops {

struct Wide128 {
  uint64_t low, high;
};

// Calls f with a null pointer whose type says how an element of `dtype` may be carried (uint8_t* ... Wide128*, std::string*).
// Throws Code::type for packed dtypes.
template <class F>
void by_width(DType dtype, F&& f) {
  switch (dtype == DType::string ? -1 : info(dtype).bits) {
    case -1: return f(static_cast<std::string*>(nullptr));
    case 8: return f(static_cast<uint8_t*>(nullptr));
    case 16: return f(static_cast<uint16_t*>(nullptr));
    case 32: return f(static_cast<uint32_t*>(nullptr));
    case 64: return f(static_cast<uint64_t*>(nullptr));
    case 128: return f(static_cast<Wide128*>(nullptr));
    default: fail(Code::type, "dtype ", name(dtype), " is not supported here");
  }
}

// Copies runs of elements between two tensors of one dtype. Offsets are in elements and must be inside (the caller validated them).
class Mover {
 public:
  Mover(Tensor& dst, const Tensor& src);
  void copy(int64_t dst_at, int64_t src_at, int64_t count = 1) const {
    if (width_ == 4 && count == 1) std::memcpy(dst_ + dst_at * 4, src_ + src_at * 4, 4);
    else if (width_ > 0) std::memcpy(dst_ + dst_at * width_, src_ + src_at * width_, static_cast<size_t>(count * width_));
    else slow(dst_at, src_at, count);
  }
  int64_t width() const { return width_; }  // bytes of an element, 0 for strings and packed dtypes

 private:
  void slow(int64_t dst_at, int64_t src_at, int64_t count) const;
  char* dst_;
  const char* src_;
  int64_t width_ = 0;
  int bits_ = 0;  // of packed dtypes
};

// dst[dst_at + i . dst_strides] = src[src_at + i . src_strides] for every index i inside `extents`. Strides may be 0 or negative.
void copy_box(Tensor& dst, int64_t dst_at, std::span<const int64_t> dst_strides, const Tensor& src, int64_t src_at,
              std::span<const int64_t> src_strides, std::span<const int64_t> extents);

// Every element of dst becomes the one element of `value` (zero, empty string when null).
void fill(Tensor& dst, const Tensor* value);

// dst is a view of src with its axes permuted; dst has been allocated.
void transpose_into(Tensor& dst, const Tensor& src, std::span<const int64_t> perm);

}  // namespace mo::ops
