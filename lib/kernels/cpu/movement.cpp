// Copies: Transpose, Concat, Split, Gather of rows; for every dtype of whole bytes.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/onednn.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/physical.h"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/strided_copy.h"
#include "ops/op.h"

namespace mo::kernels {
namespace {

// ---- Transpose: axes that stay together are joined, then oneDNN's reorder or whole rows are copied.

struct Axes {
  std::vector<int64_t> dims, strides;  // of the destination's axes, strides in the source, elements
};

Axes joined(const Shape& shape, std::span<const int64_t> perm) {
  std::vector<int64_t> own(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) own[i - 1] = own[i] * shape[i];
  Axes a;
  for (int64_t p : perm) {
    if (shape[p] == 1) continue;
    if (!a.dims.empty() && a.strides.back() == own[p] * shape[p]) {
      a.dims.back() *= shape[p];
      a.strides.back() = own[p];
    } else {
      a.dims.push_back(shape[p]);
      a.strides.push_back(own[p]);
    }
  }
  if (a.dims.empty()) {
    a.dims.push_back(1);
    a.strides.push_back(1);
  }
  return a;
}

Offer prepare_transpose(const Request& r) {
  const Operand& x = r.in(0);
  int bytes = element_bytes(x.dtype);
  if (bytes == 0 || bytes > 8) return Decline{text("dtype ", name(x.dtype))};
  int64_t total = element_count(x.shape);
  if (total == 0) return Decline{"empty tensor"};
  std::vector<int64_t> perm = ops::transpose_axes(r.node, static_cast<int64_t>(x.shape.size()));
  Axes a = joined(x.shape, perm);
  Prepared p;
  int threads = total >= 1 << 15 ? r.threads : 1;
  if (a.dims.size() == 1 && a.strides[0] == 1) {
    p.detail = "copy";
    p.run = [=](const Args& args) { std::memcpy(args.dst[0], args.src[0], static_cast<size_t>(total) * bytes); };
    return p;
  }
  DType as = bytes == 4 ? DType::f32 : bytes == 1 ? DType::i8 : DType::undefined;
  if (as != DType::undefined && a.strides.back() != 1 && a.dims.size() <= 6) {
    using namespace onednn;
    Team team(threads);
    Dims dims(a.dims.begin(), a.dims.end()), strides(a.strides.begin(), a.strides.end());
    Desc from = strided(as, dims, strides), to = strided(as, dims, row_major(dims));
    dnnl::reorder::primitive_desc pd;
    if (try_make(pd, [&] { return dnnl::reorder::primitive_desc(engine(), from, engine(), to); }) && !is_reference(pd.impl_info_str())) {
      std::shared_ptr<Step> step = reorder(from, to, threads);
      step->src(DNNL_ARG_FROM, from, 0);
      step->dst(DNNL_ARG_TO, to);
      p.detail = pd.impl_info_str();
      p.run = [step](const Args& args) { step->run(args); };
      return p;
    }
  }
  StridedCopy c;
  c.dims = a.dims;
  c.src = a.strides;
  c.dst = dense_strides(a.dims);
  c.bytes = bytes;
  p.detail = "rows";
  p.run = [=](const Args& args) { c.run(args.src[0], args.dst[0], threads); };
  return p;
}

// ---- Concat and Split: blocks of bytes along one axis in memory order.

struct Blocks {
  int64_t outer = 1;
  std::vector<int64_t> bytes;  // of each part, per outer index
  int64_t total = 0;
};

std::string blocks_of(const Operand& whole, std::span<const Operand> parts, int64_t axis, Blocks& b) {
  int size = element_bytes(whole.dtype);
  if (size == 0) return text("dtype ", name(whole.dtype));
  if (axis < 0) axis += static_cast<int64_t>(whole.shape.size());
  b.outer = fibre(whole, axis).outer;
  for (const Operand& part : parts) {
    if (!part.present) return "an absent part";
    if (part.dtype != whole.dtype) return "mixed dtypes";
    Fibre f = fibre(part, axis);
    b.bytes.push_back(f.n * f.inner * size);
    b.total += b.bytes.back();
  }
  return {};
}

Offer prepare_concat(const Request& r) {
  Blocks b;
  std::string reason = blocks_of(r.out(), r.inputs, r.node.i("axis", 0), b);
  if (!reason.empty()) return Decline{reason};
  Prepared p;
  p.detail = "copy";
  p.run = [b](const Args& a) {
    char* dst = static_cast<char*>(a.dst[0]);
    for (int64_t o = 0; o < b.outer; ++o)
      for (size_t i = 0; i < b.bytes.size(); ++i) {
        if (b.bytes[i]) std::memcpy(dst, static_cast<const char*>(a.src[i]) + o * b.bytes[i], static_cast<size_t>(b.bytes[i]));
        dst += b.bytes[i];
      }
  };
  return p;
}

Offer prepare_split(const Request& r) {
  Blocks b;
  std::string reason = blocks_of(r.in(0), r.outputs, r.node.i("axis", 0), b);
  if (!reason.empty()) return Decline{reason};
  Prepared p;
  p.detail = "copy";
  if (r.in(1).constant) p.unused_inputs = {1};
  p.run = [b](const Args& a) {
    const char* src = static_cast<const char*>(a.src[0]);
    for (int64_t o = 0; o < b.outer; ++o)
      for (size_t i = 0; i < b.bytes.size(); ++i) {
        if (b.bytes[i]) std::memcpy(static_cast<char*>(a.dst[i]) + o * b.bytes[i], src, static_cast<size_t>(b.bytes[i]));
        src += b.bytes[i];
      }
  };
  return p;
}

// ---- Gather: rows of a table

template <class I>
void gather_rows(const Args& a, int64_t outer, int64_t n, int64_t count, int64_t bytes) {
  const char* src = static_cast<const char*>(a.src[0]);
  const I* index = static_cast<const I*>(a.src[1]);
  char* dst = static_cast<char*>(a.dst[0]);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < count; ++i, dst += bytes) {
      int64_t at = index[i];
      if (at < 0) at += n;
      require(at >= 0 && at < n, Code::invalid_argument, "index ", static_cast<int64_t>(index[i]), " outside an axis of ", n);
      std::memcpy(dst, src + (o * n + at) * bytes, static_cast<size_t>(bytes));
    }
}

// Single elements by known indices: channels of a channels-last tensor.
template <class T>
void take_lanes(const T* src, T* dst, const int32_t* index, int64_t count) {
  for (int64_t i = 0; i < count; ++i) dst[i] = src[index[i]];
}

// Two halves in turn, a channel shuffle of two groups.
template <class T>
MO_INLINE void two_halves_body(const void* from, void* to, int64_t half) {
  const T* src = static_cast<const T*>(from);
  T* dst = static_cast<T*>(to);
#pragma omp simd
  for (int64_t i = 0; i < half; ++i) {
    dst[2 * i] = src[i];
    dst[2 * i + 1] = src[half + i];
  }
}
#define MO_TWO_HALVES(bytes, T)                                                                                         \
  MO_INLINE void halves##bytes##_body(const void* src, void* dst, int64_t half) { two_halves_body<T>(src, dst, half); } \
  MO_SIMD_PLAIN(halves##bytes, void, (const void* src, void* dst, int64_t half), (src, dst, half))
MO_TWO_HALVES(1, uint8_t)
MO_TWO_HALVES(2, uint16_t)
MO_TWO_HALVES(4, uint32_t)

bool takes_halves_in_turn(std::span<const int32_t> index, int64_t n) {
  const int64_t count = static_cast<int64_t>(index.size());
  if (count != n || n % 2 != 0) return false;
  for (int64_t i = 0; i < count; ++i)
    if (index[static_cast<size_t>(i)] != i / 2 + i % 2 * (n / 2)) return false;
  return true;
}

template <class T>
Prepared gather_lanes(const Request& r, const Fibre& f, std::vector<int32_t> index) {
  const int64_t count = static_cast<int64_t>(index.size());
  const bool halves = takes_halves_in_turn(index, f.n);
  const auto shuffle = sizeof(T) == 1 ? halves1_pick() : sizeof(T) == 2 ? halves2_pick() : halves4_pick();
  Prepared p;
  p.detail = halves ? "two halves in turn" : "lanes";
  p.unused_inputs = {1};
  const int threads = f.outer * count >= 1 << 15 ? r.threads : 1;
  p.run = [=, index = std::move(index)](const Args& a) {
    const T* src = static_cast<const T*>(a.src[0]);
    T* dst = static_cast<T*>(a.dst[0]);
    parallel_for(threads, f.outer, 64, [&](int64_t from, int64_t to) {
      for (int64_t o = from; o < to; ++o)
        if (halves) shuffle(src + o * f.n, dst + o * count, count / 2);
        else take_lanes(src + o * f.n, dst + o * count, index.data(), count);
    });
  };
  return p;
}

Offer lanes(const Request& r, const Fibre& f, int64_t bytes) {
  std::vector<int32_t> index;
  for (int64_t i : r.in(1).constant->integers()) {
    if (i < 0) i += f.n;
    if (i < 0 || i >= f.n || f.n > INT32_MAX) return Decline{"an index outside the axis"};
    index.push_back(static_cast<int32_t>(i));
  }
  if (bytes == 1) return gather_lanes<uint8_t>(r, f, std::move(index));
  if (bytes == 2) return gather_lanes<uint16_t>(r, f, std::move(index));
  return gather_lanes<uint32_t>(r, f, std::move(index));
}

Offer prepare_gather(const Request& r) {
  const Operand &x = r.in(0), &index = r.in(1);
  int size = element_bytes(x.dtype);
  if (size == 0) return Decline{text("dtype ", name(x.dtype))};
  if (index.dtype != DType::i64 && index.dtype != DType::i32) return Decline{text("indices of ", name(index.dtype))};
  if (x.shape.empty()) return Decline{"scalar data"};
  int64_t axis = r.node.i("axis", 0);
  if (axis < 0) axis += static_cast<int64_t>(x.shape.size());
  if (x.layout != Layout::plain && (index.shape.size() != 1 || r.out().layout != x.layout))
    return Decline{"indices that change the rank of a channels-last tensor"};
  if (index.layout != Layout::plain) return Decline{"reordered indices"};
  Fibre f = fibre(x, axis);
  int64_t count = element_count(index.shape), bytes = f.inner * size;
  if ((bytes == 1 || bytes == 2 || bytes == 4) && r.in(1).constant && index.dtype == DType::i64) return lanes(r, f, bytes);
  Prepared p;
  p.detail = "copy";
  const bool wide = index.dtype == DType::i64;
  p.run = [=](const Args& a) { wide ? gather_rows<int64_t>(a, f.outer, f.n, count, bytes) : gather_rows<int32_t>(a, f.outer, f.n, count, bytes); };
  return p;
}

}  // namespace

extern const Candidate copy_transpose{"Transpose", "", "transpose", Wish::plain, prepare_transpose};
extern const Candidate copy_concat{"Concat", "", "copy_blocks", Wish::any_same, prepare_concat};
extern const Candidate copy_split{"Split", "", "copy_blocks", Wish::any_same, prepare_split};
extern const Candidate copy_gather{"Gather", "", "copy_rows", Wish::any_same, prepare_gather};

}  // namespace mo::kernels
