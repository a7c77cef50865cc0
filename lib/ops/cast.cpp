// Cast: the elements of x in the dtype `to`.
#include "ops/cast.h"

#include <charconv>
#include <cmath>

#include "ops/movement.h"
#include "tensor/convert.h"

namespace mo::ops {

namespace {

bool same_word(std::string_view a, std::string_view upper) {
  return a.size() == upper.size() &&
         std::equal(a.begin(), a.end(), upper.begin(), [](char x, char y) { return (x >= 'a' && x <= 'z' ? x - 32 : x) == y; });
}

std::string_view trimmed(std::string_view s) {
  size_t from = s.find_first_not_of(" \t\r\n"), to = s.find_last_not_of(" \t\r\n");
  return from == std::string_view::npos ? std::string_view() : s.substr(from, to - from + 1);
}

double parse_number(const std::string& raw) {
  std::string_view s = trimmed(raw);
  if (!s.empty() && s[0] == '+') s.remove_prefix(1);
  if (same_word(s, "INF")) return HUGE_VAL;
  if (same_word(s, "-INF")) return -HUGE_VAL;
  if (same_word(s, "NAN")) return std::nan("");
  if (same_word(s, "TRUE")) return 1;
  if (same_word(s, "FALSE")) return 0;
  double v = 0;
  auto r = std::from_chars(s.data(), s.data() + s.size(), v);
  bool range = r.ec == std::errc::result_out_of_range;
  require((r.ec == std::errc() || range) && r.ptr == s.data() + s.size(), Code::invalid_argument, "\"", printable(raw, 60), "\" is not a number");
  if (range) return s.find("e-") != std::string_view::npos || s.find("E-") != std::string_view::npos ? 0.0 : s[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  return v;
}

bool parse_integer(const std::string& raw, int64_t& v) {
  std::string_view s = trimmed(raw);
  if (!s.empty() && s[0] == '+') s.remove_prefix(1);
  auto r = std::from_chars(s.data(), s.data() + s.size(), v);
  return r.ec == std::errc() && r.ptr == s.data() + s.size();
}

// Plain digits where they are short, else with an exponent; whole numbers keep a ".0", as numpy prints them.
template <class F>
std::string number_text(F v) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  double size = std::fabs(static_cast<double>(v));
  bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  char buf[64];
  auto r = std::to_chars(buf, buf + sizeof buf, v, plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string out(buf, r.ptr);
  if (plain && out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string element_text(const Tensor& x, int64_t i) {
  switch (x.dtype()) {
    case DType::boolean: return x.integer(i) ? "True" : "False";
    case DType::u64: return text(x.data<uint64_t>()[i]);
    case DType::f64: return number_text(x.data<double>()[i]);
    default: return is_integer(x.dtype()) ? text(x.integer(i)) : number_text(static_cast<float>(x.number(i)));
  }
}

void from_strings(const Tensor& x, Tensor& y, bool saturate) {
  const std::string* src = x.strings();
  void* dst = y.raw_mutable();
  if (y.bytes() > 0) std::fill_n(static_cast<char*>(dst), y.bytes(), 0);
  bool whole = is_integer(y.dtype());
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t v = 0;
    if (whole && parse_integer(src[i], v)) {
      if (y.dtype() == DType::i64) static_cast<int64_t*>(dst)[i] = v;
      else if (y.dtype() == DType::u64) static_cast<uint64_t*>(dst)[i] = static_cast<uint64_t>(v);
      else store_number(y.dtype(), dst, i, static_cast<double>(v));
      continue;
    }
    double number = parse_number(src[i]);
    if (info(y.dtype()).bits == 8 && is_floating(y.dtype())) {
      convert_elements(DType::f64, &number, y.dtype(), static_cast<char*>(dst) + i, 1, saturate);
    } else {
      store_number(y.dtype(), dst, i, number);
    }
  }
}

void to_e8m0(const Tensor& x, Tensor& y, bool saturate, const std::string& mode) {
  require(mode == "up" || mode == "down" || mode == "nearest", Code::format, "round_mode must be up, down or nearest, got ", printable(mode));
  E8M0Round round = mode == "up" ? E8M0Round::up : mode == "down" ? E8M0Round::down : E8M0Round::nearest;
  auto* dst = y.mutable_data<f8e8m0>();
  for (int64_t i = 0; i < x.size(); ++i) dst[i] = to_f8e8m0(static_cast<float>(x.number(i)), saturate, round);
}

DType target(const Node& n) {
  DType to = dtype_attribute(n, "to", DType::undefined);
  require(to != DType::undefined, Code::format, "attribute to is missing");
  require(to != DType::c64 && to != DType::c128, Code::type, "cannot cast to ", name(to));
  return to;
}

void infer(Infer& c) {
  infer_same(c);
  c.output(0).dtype = target(c.node);
}

void run(Run& c) { run_cast(c, target(c.node)); }

int since(const Node& n, std::span<const Type> inputs) {
  return std::max({cast_attributes_since(n), cast_since(dtype_attribute(n, "to", DType::f32)), inputs.empty() ? 7 : cast_since(inputs[0].dtype)});
}

}  // namespace

void run_cast(Run& c, DType to) {
  const Tensor& x = c.in(0);
  bool saturate = c.node.i("saturate", 1) != 0;
  Tensor& y = c.out(0, to, x.shape());
  if (to == x.dtype()) {
    if (x.size() > 0) Mover(y, x).copy(0, 0, x.size());
  } else if (to == DType::string) {
    std::string* dst = y.mutable_data<std::string>();
    for (int64_t i = 0; i < x.size(); ++i) dst[i] = element_text(x, i);
  } else if (x.dtype() == DType::string) {
    from_strings(x, y, saturate);
  } else if (to == DType::f8e8m0) {
    to_e8m0(x, y, saturate, c.node.s("round_mode", "up"));
  } else {
    convert_elements(x.dtype(), x.raw(), to, y.raw_mutable(), x.size(), saturate);
  }
}

int cast_since(DType dtype) {
  switch (dtype) {
    case DType::string: return 9;
    case DType::bf16: return 13;
    case DType::f8e4m3fn:
    case DType::f8e4m3fnuz:
    case DType::f8e5m2:
    case DType::f8e5m2fnuz: return 19;
    case DType::i4:
    case DType::u4: return 21;
    case DType::f4e2m1: return 23;
    case DType::f8e8m0: return 24;
    case DType::i2:
    case DType::u2: return 25;
    case DType::f6e2m3:
    case DType::f6e3m2: return 28;
    default: return 7;
  }
}

int cast_attributes_since(const Node& n) { return n.has("round_mode") ? 24 : n.has("saturate") ? 19 : 7; }

extern const OpDef cast{
    .name = "Cast",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since,
};

}  // namespace mo::ops
