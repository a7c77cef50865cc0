// Slicing and stacking, element by element.
#include "ops/stack.h"

#include <cstring>

#include "base/checked.h"
#include "tensor/convert.h"

namespace mo::ops {

void copy_elements(DType dtype, const void* src, int64_t src_at, void* dst, int64_t dst_at, int64_t count) {
  if (count == 0) return;
  int bits = info(dtype).bits;
  if (dtype == DType::string) {
    for (int64_t i = 0; i < count; ++i) static_cast<std::string*>(dst)[dst_at + i] = static_cast<const std::string*>(src)[src_at + i];
  } else if (bits >= 8) {
    int64_t width = bits / 8;
    std::memcpy(static_cast<char*>(dst) + dst_at * width, static_cast<const char*>(src) + src_at * width, static_cast<size_t>(count * width));
  } else {
    for (int64_t i = 0; i < count; ++i) store_number(dtype, dst, dst_at + i, load_number(dtype, src, src_at + i));
  }
}

Tensor take_slice(const Tensor& t, int64_t axis, int64_t index) {
  axis = normal_axis(axis, t.rank());
  size_t a = static_cast<size_t>(axis);
  int64_t size = t.shape()[a];
  require(index >= 0 && index < size, Code::shape, "index ", index, " of an axis of ", size);
  Shape shape = t.shape();
  shape.erase(shape.begin() + axis);
  int64_t outer = checked_product(std::span(t.shape()).first(a)), inner = checked_product(std::span(t.shape()).subspan(a + 1));
  Tensor out = Tensor::allocate(t.dtype(), shape);
  void* dst = out.raw_mutable();
  for (int64_t o = 0; o < outer; ++o) copy_elements(t.dtype(), t.raw(), (o * size + index) * inner, dst, o * inner, inner);
  return out;
}

Tensor stack(std::span<const Tensor> items, int64_t axis, bool reversed) {
  MO_ASSERT(!items.empty());
  const Tensor& first = items.front();
  axis = normal_axis(axis, first.rank() + 1);
  size_t a = static_cast<size_t>(axis);
  int64_t count = static_cast<int64_t>(items.size());
  Shape shape = first.shape();
  int64_t outer = checked_product(std::span(shape).first(a)), inner = checked_product(std::span(shape).subspan(a));
  shape.insert(shape.begin() + axis, count);
  Tensor out = Tensor::allocate(first.dtype(), shape);
  void* dst = out.raw_mutable();
  for (int64_t i = 0; i < count; ++i) {
    const Tensor& t = items[static_cast<size_t>(reversed ? count - 1 - i : i)];
    require(t.dtype() == first.dtype() && t.shape() == first.shape(), Code::shape, "stacked values differ: ", describe(first), " and ", describe(t));
    for (int64_t o = 0; o < outer; ++o) copy_elements(t.dtype(), t.raw(), o * inner, dst, (o * count + i) * inner, inner);
  }
  return out;
}

}  // namespace mo::ops
