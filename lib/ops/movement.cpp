// Moving elements without looking at them: box copies with merged axes and typed inner loops.
#include "ops/movement.h"

#include <algorithm>

namespace mo::ops {

namespace {

unsigned get_bits(const uint8_t* data, int64_t i, int bits) {
  int64_t bit = i * bits;
  unsigned word = data[bit >> 3];
  if ((bit & 7) + bits > 8) word |= static_cast<unsigned>(data[(bit >> 3) + 1]) << 8;
  return word >> (bit & 7) & ((1u << bits) - 1);
}

void set_bits(uint8_t* data, int64_t i, int bits, unsigned v) {
  int64_t bit = i * bits;
  int shift = static_cast<int>(bit & 7);
  unsigned mask = ((1u << bits) - 1) << shift;
  uint8_t* at = data + (bit >> 3);
  at[0] = static_cast<uint8_t>((at[0] & ~mask) | (v << shift & mask));
  if (shift + bits > 8) at[1] = static_cast<uint8_t>((at[1] & ~(mask >> 8)) | (v << shift & mask) >> 8);
}

// The bits behind the last packed element: zero, so that equal tensors have equal bytes.
void clear_tail(Tensor& t) {
  int used = static_cast<int>(t.size() * info(t.dtype()).bits % 8);
  if (used == 0) return;
  uint8_t& last = static_cast<uint8_t*>(t.raw_mutable())[t.bytes() - 1];
  last = static_cast<uint8_t>(last & ((1u << used) - 1));
}

struct Box {
  std::vector<int64_t> extents, dst, src;  // merged axes, outermost first
};

Box merge_axes(std::span<const int64_t> dst, std::span<const int64_t> src, std::span<const int64_t> extents) {
  Box b;
  for (size_t i = 0; i < extents.size(); ++i) {
    if (extents[i] == 1) continue;
    if (!b.extents.empty() && b.dst.back() == dst[i] * extents[i] && b.src.back() == src[i] * extents[i]) {
      b.extents.back() *= extents[i];
      b.dst.back() = dst[i];
      b.src.back() = src[i];
    } else {
      b.extents.push_back(extents[i]);
      b.dst.push_back(dst[i]);
      b.src.push_back(src[i]);
    }
  }
  return b;
}

// Calls row(dst offset, src offset) for each index of all axes but the innermost.
template <class F>
void for_outer(const Box& b, int64_t dst, int64_t src, F&& row) {
  size_t axes = b.extents.size() - 1;
  std::vector<int64_t> index(axes, 0);
  while (true) {
    row(dst, src);
    size_t axis = axes;
    while (axis > 0) {
      --axis;
      dst += b.dst[axis];
      src += b.src[axis];
      if (++index[axis] < b.extents[axis]) break;
      dst -= b.dst[axis] * b.extents[axis];
      src -= b.src[axis] * b.extents[axis];
      index[axis] = 0;
      if (axis == 0) return;
    }
    if (axes == 0) return;
  }
}

template <class E>
void copy_rows(E* dst, const E* src, const Box& b, int64_t dst_at, int64_t src_at) {
  int64_t n = b.extents.back(), ds = b.dst.back(), ss = b.src.back();
  for_outer(b, dst_at, src_at, [&](int64_t d, int64_t s) {
    E* to = dst + d;
    const E* from = src + s;
    if (ds == 1 && ss == 1) std::copy_n(from, n, to);
    else if (ds == 1 && ss == 0) std::fill_n(to, n, *from);
    else
      for (int64_t i = 0; i < n; ++i) to[i * ds] = from[i * ss];
  });
}

}  // namespace

Mover::Mover(Tensor& dst, const Tensor& src) {
  MO_ASSERT(dst.dtype() == src.dtype());
  int bits = info(src.dtype()).bits;
  if (bits >= 8) width_ = bits / 8;
  else bits_ = bits;
  if (bits_ > 0) clear_tail(dst);
  src_ = static_cast<const char*>(src.raw());
  dst_ = static_cast<char*>(dst.raw_mutable());
}

void Mover::slow(int64_t dst_at, int64_t src_at, int64_t count) const {
  if (bits_ == 0) {
    std::copy_n(reinterpret_cast<const std::string*>(src_) + src_at, count, reinterpret_cast<std::string*>(dst_) + dst_at);
    return;
  }
  auto* dst = reinterpret_cast<uint8_t*>(dst_);
  const auto* src = reinterpret_cast<const uint8_t*>(src_);
  for (int64_t i = 0; i < count; ++i) set_bits(dst, dst_at + i, bits_, get_bits(src, src_at + i, bits_));
}

void copy_box(Tensor& dst, int64_t dst_at, std::span<const int64_t> dst_strides, const Tensor& src, int64_t src_at,
              std::span<const int64_t> src_strides, std::span<const int64_t> extents) {
  MO_ASSERT(dst.dtype() == src.dtype());
  for (int64_t e : extents)
    if (e == 0) return;
  Box b = merge_axes(dst_strides, src_strides, extents);
  if (b.extents.empty()) b = {{1}, {1}, {1}};
  void* to = dst.raw_mutable();
  const void* from = src.raw();
  auto typed = [&](auto* tag) {
    using E = std::remove_pointer_t<decltype(tag)>;
    copy_rows(static_cast<E*>(to), static_cast<const E*>(from), b, dst_at, src_at);
  };
  int bits = info(src.dtype()).bits;
  if (bits == 0 || bits >= 8) return by_width(src.dtype(), typed);
  clear_tail(dst);
  for_outer(b, dst_at, src_at, [&](int64_t d, int64_t s) {
    for (int64_t i = 0; i < b.extents.back(); ++i)
      set_bits(static_cast<uint8_t*>(to), d + i * b.dst.back(), bits, get_bits(static_cast<const uint8_t*>(from), s + i * b.src.back(), bits));
  });
}

void fill(Tensor& dst, const Tensor* value) {
  if (value) {
    int64_t zero = 0, one = 1, n = dst.size();
    copy_box(dst, 0, {&one, 1}, *value, 0, {&zero, 1}, {&n, 1});
  } else if (dst.dtype() == DType::string) {
    std::fill_n(dst.mutable_data<std::string>(), dst.size(), std::string());
  } else if (dst.size() > 0) {
    std::memset(dst.raw_mutable(), 0, static_cast<size_t>(dst.bytes()));
  }
}

void transpose_into(Tensor& dst, const Tensor& src, std::span<const int64_t> perm) {
  std::vector<int64_t> own = strides_of(src.shape()), strides, to = strides_of(dst.shape());
  for (int64_t axis : perm) strides.push_back(own[static_cast<size_t>(axis)]);
  copy_box(dst, 0, to, src, 0, strides, dst.shape());
}

}  // namespace mo::ops
