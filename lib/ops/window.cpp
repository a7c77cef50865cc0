// Reading and resolving sliding-window attributes.
#include "ops/window.h"

#include <algorithm>

#include "base/checked.h"

namespace mo::ops {

namespace {

std::vector<int64_t> per_axis(const Node& n, const char* attribute, size_t count, int64_t fallback, int64_t low) {
  std::vector<int64_t> v = n.ints(attribute);
  if (v.empty()) v.assign(count, fallback);
  require(v.size() == count, Code::shape, attribute, " has ", v.size(), " entries, wants ", count);
  for (int64_t x : v) require(x >= low && x <= INT32_MAX, Code::invalid_argument, attribute, " ", x, " is outside ", low, "..", INT32_MAX);
  return v;
}

AutoPad read_auto_pad(const Node& n) {
  std::string s = n.s("auto_pad", "NOTSET");
  if (s == "NOTSET" || s.empty()) return AutoPad::explicit_pads;
  if (s == "SAME_UPPER") return AutoPad::same_upper;
  if (s == "SAME_LOWER") return AutoPad::same_lower;
  if (s == "VALID") return AutoPad::valid;
  fail(Code::invalid_argument, "auto_pad is '", printable(s), "'");
}

int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
int64_t ceil_div(int64_t a, int64_t b) { return -floor_div(-a, b); }

}  // namespace

Window read_window(const Node& n, size_t spatial, std::span<const int64_t> kernel) {
  require(spatial >= 1, Code::shape, "no spatial axes");
  Window w;
  if (kernel.empty()) {
    require(n.has("kernel_shape"), Code::format, "kernel_shape is missing");
    w.kernel = per_axis(n, "kernel_shape", spatial, 1, 1);
  } else {
    require(kernel.size() == spatial, Code::shape, "kernel of rank ", kernel.size(), " on ", spatial, " spatial axes");
    w.kernel.assign(kernel.begin(), kernel.end());
    std::vector<int64_t> given = n.ints("kernel_shape");
    require(given.empty() || given == w.kernel, Code::shape, "kernel_shape ", given, " but the weights are ", w.kernel);
    for (int64_t k : w.kernel) require(k >= 1 && k <= INT32_MAX, Code::shape, "kernel of size ", k);
  }
  w.stride = per_axis(n, "strides", spatial, 1, 1);
  w.dilation = per_axis(n, "dilations", spatial, 1, 1);
  for (size_t a = 0; a < spatial; ++a) checked_add(checked_mul(w.kernel[a] - 1, w.dilation[a]), 1);
  w.auto_pad = read_auto_pad(n);
  w.ceil_mode = n.i("ceil_mode", 0) != 0;
  std::vector<int64_t> pads(2 * spatial, 0);
  if (w.auto_pad == AutoPad::explicit_pads) pads = per_axis(n, "pads", 2 * spatial, 0, 0);
  w.pad_begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(spatial));
  w.pad_end.assign(pads.begin() + static_cast<std::ptrdiff_t>(spatial), pads.end());
  return w;
}

int64_t window_output(const Window& w, size_t a, int64_t in) {
  int64_t s = w.stride[a];
  if (w.auto_pad == AutoPad::same_upper || w.auto_pad == AutoPad::same_lower) return ceil_div(in, s);
  int64_t padded = checked_add(in, w.pad_begin[a] + w.pad_end[a]);
  int64_t room = checked_add(padded, -w.extent(a));
  require(room >= 0, Code::shape, "window of ", w.extent(a), " does not fit ", padded, " elements of spatial axis ", a);
  int64_t out = room / s + 1;
  if (w.ceil_mode && room % s != 0) {
    // one more window, unless it would start in the padding at the end
    if (checked_mul(out, s) < checked_add(in, w.pad_begin[a])) ++out;
  }
  return out;
}

Dim window_output(const Window& w, size_t a, const Dim& in) {
  if (in.known()) return known_dim(window_output(w, a, in.size));
  bool same = w.auto_pad == AutoPad::same_upper || w.auto_pad == AutoPad::same_lower || w.pad_begin[a] + w.pad_end[a] == w.extent(a) - 1;
  if (w.stride[a] == 1 && same) return in;
  return {};
}

Shape resolve_window(Window& w, std::span<const int64_t> in) {
  Shape out;
  for (size_t a = 0; a < w.axes(); ++a) {
    out.push_back(window_output(w, a, in[a]));
    if (w.auto_pad == AutoPad::same_upper || w.auto_pad == AutoPad::same_lower) {
      int64_t needed = checked_add(checked_mul(std::max<int64_t>(out[a] - 1, 0), w.stride[a]), w.extent(a) - in[a]);
      int64_t total = std::max<int64_t>(needed, 0);
      w.pad_begin[a] = w.auto_pad == AutoPad::same_upper ? total / 2 : total - total / 2;
      w.pad_end[a] = total - w.pad_begin[a];
    }
  }
  w.auto_pad = AutoPad::explicit_pads;
  return out;
}

Span1 inside(int64_t in, int64_t out, int64_t stride, int64_t offset) {
  int64_t first = offset >= 0 ? 0 : ceil_div(-offset, stride);
  int64_t last = in - 1 - offset < 0 ? 0 : (in - 1 - offset) / stride + 1;
  last = std::min(last, out);
  return {std::min(first, last), last};
}

Span1 taps_inside(int64_t in, int64_t kernel, int64_t dilation, int64_t start) { return inside(in, kernel, dilation, start); }

}  // namespace mo::ops
