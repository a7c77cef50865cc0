// A copy between two strided views of the same shape.
#include "kernels/cpu/strided_copy.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/parallel.h"

namespace mo::kernels {

int element_bytes(DType dtype) {
  if (dtype == DType::string || info(dtype).bits < 8 || info(dtype).bits > 64) return 0;
  return info(dtype).bits / 8;
}

std::vector<int64_t> dense_strides(std::span<const int64_t> dims) {
  std::vector<int64_t> s(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) s[i - 1] = s[i] * dims[i];
  return s;
}

void StridedCopy::join() {
  StridedCopy out;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    bool joins = !out.dims.empty() && out.src.back() == src[i] * dims[i] && out.dst.back() == dst[i] * dims[i];
    if (joins) {
      out.dims.back() *= dims[i];
      out.src.back() = src[i];
      out.dst.back() = dst[i];
    } else {
      out.dims.push_back(dims[i]);
      out.src.push_back(src[i]);
      out.dst.push_back(dst[i]);
    }
  }
  if (out.dims.empty()) {
    out.dims.push_back(1);
    out.src.push_back(1);
    out.dst.push_back(1);
  }
  dims = std::move(out.dims);
  src = std::move(out.src);
  dst = std::move(out.dst);
}

namespace {

template <class T>
void rows(const StridedCopy& c, const T* from, T* to, int64_t first, int64_t last) {
  const int64_t n = c.dims.back(), sa = c.src.back(), sb = c.dst.back();
  for (int64_t r = first; r < last; ++r) {
    int64_t a = c.src_offset, b = c.dst_offset, rest = r;
    for (size_t i = c.dims.size() - 1; i-- > 0;) {
      int64_t index = rest % c.dims[i];
      rest /= c.dims[i];
      a += index * c.src[i];
      b += index * c.dst[i];
    }
    const T* x = from + a;
    T* y = to + b;
    if (sa == 1 && sb == 1) std::memcpy(y, x, static_cast<size_t>(n) * sizeof(T));
    else if (sa == 0 && sb == 1) std::fill(y, y + n, *x);
    else
      for (int64_t i = 0; i < n; ++i) y[i * sb] = x[i * sa];
  }
}

template <class T>
void copy(const StridedCopy& c, const void* from, void* to, int threads) {
  int64_t count = 1;
  for (size_t i = 0; i + 1 < c.dims.size(); ++i) count *= c.dims[i];
  if (count * c.dims.back() < 1 << 15) threads = 1;
  parallel_for(threads, count, std::max<int64_t>(1, 4096 / std::max<int64_t>(c.dims.back(), 1)),
               [&](int64_t first, int64_t last) { rows(c, static_cast<const T*>(from), static_cast<T*>(to), first, last); });
}

}  // namespace

void StridedCopy::run(const void* from, void* to, int threads) const {
  if (bytes == 1) copy<uint8_t>(*this, from, to, threads);
  else if (bytes == 2) copy<uint16_t>(*this, from, to, threads);
  else if (bytes == 4) copy<uint32_t>(*this, from, to, threads);
  else copy<uint64_t>(*this, from, to, threads);
}

}  // namespace mo::kernels
