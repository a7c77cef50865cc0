// Slice, Pad with a constant, Expand and ScatterND as strided copies, for every dtype of whole bytes, in any layout.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/physical.h"
#include "kernels/cpu/strided_copy.h"

namespace mo::kernels {
namespace {

// Strides of the logical axes of x in memory.
std::vector<int64_t> logical_strides(const Operand& x) {
  std::vector<int64_t> out(x.shape.size(), 1);
  std::vector<int> order = axis_order(x.shape.size(), x.layout);
  int64_t step = 1;
  for (size_t i = order.size(); i-- > 0;) {
    out[order[i]] = step;
    step *= x.shape[order[i]];
  }
  return out;
}

// Puts the axes of a copy into the memory order of `like`, so that rows are contiguous there.
void order_axes(StridedCopy& c, const Operand& like) {
  StridedCopy o = c;
  std::vector<int> order = axis_order(like.shape.size(), like.layout);
  for (size_t i = 0; i < order.size(); ++i) {
    c.dims[i] = o.dims[order[i]];
    c.src[i] = o.src[order[i]];
    c.dst[i] = o.dst[order[i]];
  }
  c.join();
}

Prepared copying(StridedCopy c, int threads) {
  Prepared p;
  p.detail = "copy";
  p.run = [c = std::move(c), threads](const Args& a) { c.run(a.src[0], a.dst[0], threads); };
  return p;
}

Offer prepare_slice(const Request& r) {
  const Operand &x = r.in(0), &y = r.out();
  int bytes = element_bytes(x.dtype);
  if (bytes == 0) return Decline{text("dtype ", name(x.dtype))};
  for (size_t i : {1, 2, 3, 4})
    if (r.in(i).present && !r.in(i).constant) return Decline{"bounds are not known at plan time"};
  if (!r.in(1).constant || element_count(y.shape) == 0) return Decline{"bounds as attributes, or nothing left"};
  std::vector<int64_t> starts = r.in(1).constant->integers(), axes, steps(starts.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (r.in(3).constant) axes = r.in(3).constant->integers();
  if (r.in(4).constant) steps = r.in(4).constant->integers();
  StridedCopy c;
  c.bytes = bytes;
  c.dims = y.shape;
  c.src = logical_strides(x);
  c.dst = logical_strides(y);
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + static_cast<int64_t>(x.shape.size()) : axes[i], n = x.shape[axis], s = starts[i];
    if (s < 0) s += n;
    s = steps[i] > 0 ? std::clamp<int64_t>(s, 0, n) : std::clamp<int64_t>(s, 0, n - 1);
    c.src_offset += s * c.src[axis];
    c.src[axis] *= steps[i];
  }
  order_axes(c, y);
  Prepared p = copying(std::move(c), r.threads);
  for (int i = 1; i < 5; ++i)
    if (r.in(i).constant) p.unused_inputs.push_back(i);
  return p;
}

Offer prepare_expand(const Request& r) {
  const Operand &x = r.in(0), &y = r.out();
  int bytes = element_bytes(x.dtype);
  if (bytes == 0) return Decline{text("dtype ", name(x.dtype))};
  if (element_count(y.shape) == 0) return Decline{"empty tensor"};
  if (x.shape.size() < y.shape.size() && x.layout != Layout::plain) return Decline{"axes are added to a channels-last tensor"};
  StridedCopy c;
  c.bytes = bytes;
  c.dims = y.shape;
  c.dst = logical_strides(y);
  std::vector<int64_t> own = logical_strides(x);
  size_t added = y.shape.size() - x.shape.size();
  c.src.assign(y.shape.size(), 0);
  for (size_t i = 0; i < own.size(); ++i)
    if (x.shape[i] != 1) c.src[i + added] = own[i];
  order_axes(c, y);
  Prepared p = copying(std::move(c), r.threads);
  if (r.in(1).constant) p.unused_inputs = {1};
  return p;
}

Offer prepare_pad(const Request& r) {
  const Operand &x = r.in(0), &y = r.out();
  int bytes = element_bytes(x.dtype);
  if (bytes == 0) return Decline{text("dtype ", name(x.dtype))};
  if (r.node.s("mode", "constant") != "constant") return Decline{text("mode ", r.node.s("mode", ""))};
  if (!r.in(1).constant) return Decline{"padding is not known at plan time"};
  if (element_count(x.shape) == 0 || element_count(y.shape) == 0) return Decline{"empty tensor"};
  std::vector<int64_t> pads = r.in(1).constant->integers(), axes;
  for (size_t i = 0; i < x.shape.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (r.in(3).present) {
    if (!r.in(3).constant) return Decline{"axes are not known at plan time"};
    axes = r.in(3).constant->integers();
  }
  StridedCopy c;
  c.bytes = bytes;
  c.dims = x.shape;
  c.src = logical_strides(x);
  c.dst = logical_strides(y);
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + static_cast<int64_t>(x.shape.size()) : axes[i];
    if (pads[i] < 0 || pads[i + axes.size()] < 0) return Decline{"negative padding"};
    c.dst_offset += pads[i] * c.dst[axis];
  }
  order_axes(c, x);
  const bool has_value = r.in(2).present;
  const int64_t total = element_count(y.shape);
  const int threads = r.threads;
  Prepared p;
  p.detail = "copy";
  p.unused_inputs = {1};
  if (r.in(3).present) p.unused_inputs.push_back(3);
  p.run = [=](const Args& a) {
    char value[8] = {};
    if (has_value) std::memcpy(value, a.src[2], static_cast<size_t>(bytes));
    StridedCopy fill;
    fill.dims = {total};
    fill.src = {0};
    fill.dst = {1};
    fill.bytes = bytes;
    fill.run(value, a.dst[0], threads);
    c.run(a.src[0], a.dst[0], threads);
  };
  return p;
}

Offer prepare_scatter(const Request& r) {
  const Operand &x = r.in(0), &index = r.in(1);
  int bytes = element_bytes(x.dtype);
  if (bytes == 0) return Decline{text("dtype ", name(x.dtype))};
  if (r.node.s("reduction", "none") != "none") return Decline{"reduction"};
  if (index.dtype != DType::i64 || index.shape.empty()) return Decline{text("indices of ", name(index.dtype))};
  const int64_t depth = index.shape.back(), count = depth == 0 ? 0 : element_count(index.shape) / depth;
  if (depth == 0 || depth > static_cast<int64_t>(x.shape.size())) return Decline{"tuples that name no slice"};
  Shape sizes(x.shape.begin(), x.shape.begin() + depth), updates(index.shape.begin(), index.shape.end() - 1);
  updates.insert(updates.end(), x.shape.begin() + depth, x.shape.end());
  if (!r.in(2).present || r.in(2).dtype != x.dtype || r.in(2).shape != updates) return Decline{"updates that do not fit"};  // the reference says why
  std::vector<int64_t> steps;
  int64_t slice = bytes;
  for (size_t i = static_cast<size_t>(depth); i < x.shape.size(); ++i) slice *= x.shape[i];
  int64_t step = slice;
  steps.resize(static_cast<size_t>(depth));
  for (size_t i = static_cast<size_t>(depth); i-- > 0;) {
    steps[i] = step;
    step *= sizes[i];
  }
  const int64_t total = element_count(x.shape) * bytes;
  Prepared p;
  p.detail = "copy";
  p.in_place = 0;
  p.run = [=](const Args& a) {
    char* dst = static_cast<char*>(a.dst[0]);
    if (a.dst[0] != a.src[0]) std::memcpy(dst, a.src[0], static_cast<size_t>(total));
    const int64_t* tuple = static_cast<const int64_t*>(a.src[1]);
    const char* update = static_cast<const char*>(a.src[2]);
    for (int64_t i = 0; i < count; ++i, tuple += depth, update += slice) {
      int64_t at = 0;
      for (int64_t k = 0; k < depth; ++k) {
        int64_t v = tuple[k] < 0 ? tuple[k] + sizes[static_cast<size_t>(k)] : tuple[k];
        require(v >= 0 && v < sizes[static_cast<size_t>(k)], Code::invalid_argument, "index ", tuple[k], " outside an axis of ",
                sizes[static_cast<size_t>(k)]);
        at += v * steps[static_cast<size_t>(k)];
      }
      std::memcpy(dst + at, update, static_cast<size_t>(slice));
    }
  };
  return p;
}

}  // namespace

extern const Candidate copy_slice{"Slice", "", "strided_copy", Wish::any_same, prepare_slice};
extern const Candidate copy_pad{"Pad", "", "strided_copy", Wish::any_same, prepare_pad};
extern const Candidate copy_expand{"Expand", "", "strided_copy", Wish::plain, prepare_expand};
extern const Candidate copy_scatter{"ScatterND", "", "copy_rows", Wish::plain, prepare_scatter};

}  // namespace mo::kernels
