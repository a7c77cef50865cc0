// mo.Rotary: x · cos + rotate_half(x) · sin on strided operands; docs/internal_operators.md defines it.
#include "base/checked.h"
#include "ops/compute.h"
#include "ops/helpers.h"
#include "ops/rotary_view.h"

namespace mo::ops {

std::vector<std::pair<std::string, graph::AttrValue>> attributes(const RotaryView& view) {
  return {{"outer", view.outer},
          {"width", view.width},
          {"interleaved", static_cast<int64_t>(view.interleaved)},
          {"by_pair", static_cast<int64_t>(view.by_pair)},
          {"offsets", std::vector<int64_t>{view.x.offset, view.cosine.offset, view.sine.offset}},
          {"x_strides", view.x.strides},
          {"cos_strides", view.cosine.strides},
          {"sin_strides", view.sine.strides},
          {"shape", std::vector<int64_t>(view.shape.begin(), view.shape.end())}};
}

RotaryView rotary_view(const Node& n) {
  RotaryView view;
  view.outer = n.ints("outer");
  view.width = n.i("width", 0);
  view.interleaved = n.i("interleaved", 0) != 0;
  view.by_pair = n.i("by_pair", 0) != 0;
  std::vector<int64_t> offsets = n.ints("offsets"), shape = n.ints("shape");
  require(offsets.size() == 3, Code::format, "mo.Rotary lacks offsets");
  view.x = {offsets[0], n.ints("x_strides")};
  view.cosine = {offsets[1], n.ints("cos_strides")};
  view.sine = {offsets[2], n.ints("sin_strides")};
  view.shape.assign(shape.begin(), shape.end());
  return view;
}

void check(const RotaryView& view, int64_t x_elements, int64_t cosine_elements, int64_t sine_elements) {
  require(view.width >= 2 && view.width % 2 == 0, Code::shape, "mo.Rotary of width ", view.width);
  int64_t count = view.width;
  for (int64_t n : view.outer) {
    require(n >= 1, Code::shape, "mo.Rotary with an empty axis");
    count = checked_mul(count, n);
  }
  require(count == element_count(view.shape), Code::shape, "mo.Rotary writes ", count, " elements of ", view.shape);
  auto inside = [&](const char* what, const RotaryOperand& o, int64_t width, int64_t elements) {
    require(o.strides.size() == view.outer.size() + 1, Code::format, what, " of mo.Rotary has ", o.strides.size(), " strides");
    int64_t last = o.offset;
    for (size_t i = 0; i < o.strides.size(); ++i) {
      require(o.strides[i] >= 0, Code::shape, what, " of mo.Rotary has stride ", o.strides[i]);
      last = checked_add(last, checked_mul((i < view.outer.size() ? view.outer[i] : width) - 1, o.strides[i]));
    }
    require(o.offset >= 0 && last < elements, Code::shape, what, " of mo.Rotary reaches element ", last, " of ", elements);
  };
  const int64_t entries = view.by_pair ? view.width / 2 : view.width;
  inside("X", view.x, view.width, x_elements);
  inside("cos", view.cosine, entries, cosine_elements);
  inside("sin", view.sine, entries, sine_elements);
}

namespace {

void infer(Infer& c) { c.set(0, c.dtype(0), dims_of(c.node.ints("shape"))); }

void run(Run& c) {
  RotaryView view = rotary_view(c.node);
  check(view, c.in(0).size(), c.in(1).size(), c.in(2).size());
  std::vector<double> x = doubles(c.in(0)), cosine = doubles(c.in(1)), sine = doubles(c.in(2));
  Tensor& y = c.out(0, c.dtype(0), view.shape);
  const int64_t half = view.width / 2, rows = y.size() / view.width;
  for (int64_t r = 0; r < rows; ++r) {
    int64_t at[3] = {view.x.offset, view.cosine.offset, view.sine.offset}, rest = r;
    for (size_t i = view.outer.size(); i-- > 0; rest /= view.outer[i]) {
      const int64_t k = rest % view.outer[i];
      at[0] += k * view.x.strides[i], at[1] += k * view.cosine.strides[i], at[2] += k * view.sine.strides[i];
    }
    auto get = [&](const std::vector<double>& v, int64_t base, const RotaryOperand& o, int64_t e) {
      return v[static_cast<size_t>(base + e * o.strides.back())];
    };
    for (int64_t e = 0; e < view.width; ++e) {
      const bool first = view.interleaved ? e % 2 == 0 : e < half;
      const int64_t step = view.interleaved ? 1 : half, pair = view.interleaved ? e / 2 : e % half, entry = view.by_pair ? pair : e;
      const double turned = first ? -get(x, at[0], view.x, e + step) : get(x, at[0], view.x, e - step);
      store_number(c.dtype(0), y.raw_mutable(), r * view.width + e,
                   get(x, at[0], view.x, e) * get(cosine, at[1], view.cosine, entry) + turned * get(sine, at[2], view.sine, entry));
    }
  }
}

}  // namespace

extern const OpDef mo_rotary{
    .name = "Rotary", .domain = "mo", .min_inputs = 3, .max_inputs = 3, .infer = infer, .run = run, .cost = elementwise_cost<3>, .since = 1};

}  // namespace mo::ops
