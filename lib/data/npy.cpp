// The .npy header is a Python literal of three keys; it is read by a small scanner that accepts nothing else.
#include "data/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/checked.h"
#include "base/file.h"
#include "data/archive.h"

namespace mo::data {

namespace {

struct Header {
  std::string descr;
  bool fortran = false;
  Shape shape;
};

class Scanner {
 public:
  Scanner(std::string_view s, const std::string& where) : s_(s), where_(where) {}

  Header header() {
    Header h;
    bool seen_descr = false, seen_order = false, seen_shape = false;
    expect('{');
    while (!accept('}')) {
      std::string key = quoted();
      expect(':');
      if (key == "descr") h.descr = quoted(), seen_descr = true;
      else if (key == "fortran_order") h.fortran = boolean(), seen_order = true;
      else if (key == "shape") h.shape = tuple(), seen_shape = true;
      else bad();
      accept(',');
    }
    if (!seen_descr || !seen_order || !seen_shape) bad();
    return h;
  }

 private:
  [[noreturn]] void bad() { fail(Code::format, where_, ": damaged or unusual .npy header"); }
  void space() {
    while (at_ < s_.size() && (s_[at_] == ' ' || s_[at_] == '\n')) ++at_;
  }
  bool accept(char c) {
    space();
    if (at_ < s_.size() && s_[at_] == c) return ++at_, true;
    return false;
  }
  void expect(char c) {
    if (!accept(c)) bad();
  }
  std::string quoted() {
    space();
    char mark = at_ < s_.size() ? s_[at_] : 0;
    if (mark != '\'' && mark != '"') bad();
    size_t end = s_.find(mark, ++at_);
    if (end == std::string_view::npos) bad();
    std::string out(s_.substr(at_, end - at_));
    at_ = end + 1;
    return out;
  }
  bool boolean() {
    space();
    for (auto [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}})
      if (s_.substr(at_).starts_with(word)) return at_ += word.size(), value;
    bad();
  }
  Shape tuple() {
    Shape out;
    expect('(');
    while (!accept(')')) {
      space();
      int64_t v = 0;
      auto r = std::from_chars(s_.data() + at_, s_.data() + s_.size(), v);
      if (r.ec != std::errc() || v < 0) bad();
      at_ = static_cast<size_t>(r.ptr - s_.data());
      accept('L');
      out.push_back(v);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return out;
  }

  std::string_view s_;
  const std::string& where_;
  size_t at_ = 0;
};

struct Descr {
  const char* code;
  DType dtype;
};
constexpr Descr k_descrs[] = {{"f4", DType::f32}, {"f8", DType::f64},     {"f2", DType::f16}, {"i1", DType::i8},   {"i2", DType::i16},
                              {"i4", DType::i32}, {"i8", DType::i64},     {"u1", DType::u8},  {"u2", DType::u16},  {"u4", DType::u32},
                              {"u8", DType::u64}, {"b1", DType::boolean}, {"c8", DType::c64}, {"c16", DType::c128}};

DType dtype_of_descr(const std::string& descr, const std::string& where) {
  if (descr.size() >= 3)
    for (const Descr& d : k_descrs)
      if (descr.substr(1) == d.code) return d.dtype;
  fail(Code::unsupported, where, ": numpy type '", printable(descr), "' is not read");
}

void swap_bytes(char* data, int64_t count, int64_t width) {
  for (int64_t i = 0; i < count; ++i) std::reverse(data + i * width, data + (i + 1) * width);
}

// Fortran order (first axis fastest) into C order.
Tensor to_c_order(const Tensor& f) {
  Tensor out = Tensor::allocate(f.dtype(), f.shape());
  int64_t width = storage_bytes(f.dtype(), 1), rank = f.rank();
  std::vector<int64_t> index(static_cast<size_t>(rank), 0), stride(static_cast<size_t>(rank), 1);
  for (int64_t a = 1; a < rank; ++a) stride[static_cast<size_t>(a)] = stride[static_cast<size_t>(a - 1)] * f.shape()[static_cast<size_t>(a - 1)];
  auto* dst = static_cast<char*>(out.raw_mutable());
  const auto* src = static_cast<const char*>(f.raw());
  for (int64_t i = 0; i < f.size(); ++i) {
    int64_t offset = 0;
    for (int64_t a = 0; a < rank; ++a) offset += index[static_cast<size_t>(a)] * stride[static_cast<size_t>(a)];
    std::memcpy(dst + i * width, src + offset * width, static_cast<size_t>(width));
    for (int64_t a = rank - 1; a >= 0 && ++index[static_cast<size_t>(a)] == f.shape()[static_cast<size_t>(a)]; --a) index[static_cast<size_t>(a)] = 0;
  }
  return out;
}

}  // namespace

Tensor parse_npy(std::span<const char> bytes, const std::string& where) {
  auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(bytes[i])); };
  require(bytes.size() >= 10 && std::memcmp(bytes.data(), "\x93NUMPY", 6) == 0, Code::format, where, ": not a .npy array");
  size_t version = byte(6), start = version == 1 ? 10 : 12;
  require(version >= 1 && version <= 3 && bytes.size() >= start, Code::format, where, ": .npy version ", version, " is unknown");
  size_t length = version == 1 ? byte(8) | byte(9) << 8 : byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24;
  require(length <= bytes.size() - start, Code::format, where, ": truncated .npy header");
  Header h = Scanner({bytes.data() + start, length}, where).header();
  DType dtype = dtype_of_descr(h.descr, where);
  int64_t count = element_count(h.shape), need = storage_bytes(dtype, count);
  int64_t have = static_cast<int64_t>(bytes.size() - start - length);
  require(have >= need, Code::format, where, ": ", describe(Tensor::borrow(dtype, h.shape, nullptr)), " needs ", need, " bytes, the file has ", have);
  Tensor t = Tensor::copy_of(dtype, h.shape, bytes.data() + start + length);
  int64_t width = info(dtype).bits / 8;
  bool complex = dtype == DType::c64 || dtype == DType::c128;
  if (h.descr[0] == '>') swap_bytes(static_cast<char*>(t.raw_mutable()), complex ? count * 2 : count, complex ? width / 2 : width);
  return h.fortran && t.rank() > 1 ? to_c_order(t) : t;
}

std::string npy_bytes(const Tensor& t) {
  const char* code = nullptr;
  for (const Descr& d : k_descrs)
    if (d.dtype == t.dtype()) code = d.code;
  require(code != nullptr, Code::unsupported, "dtype ", name(t.dtype()), " has no numpy form");
  bool one_byte = info(t.dtype()).bits == 8;
  std::string header = text("{'descr': '", one_byte ? "|" : "<", code, "', 'fortran_order': False, 'shape': (");
  for (int64_t d : t.shape()) header += text(d, ", ");
  if (t.rank() > 1) header.resize(header.size() - 2);
  else if (t.rank() == 1) header.resize(header.size() - 1);
  header += "), }";
  header.append(63 - (10 + header.size()) % 64, ' ').push_back('\n');
  std::string out("\x93NUMPY\x01\x00", 8);
  out.push_back(static_cast<char>(header.size() & 0xff));
  out.push_back(static_cast<char>(header.size() >> 8));
  out += header;
  out.append(static_cast<const char*>(t.raw()), static_cast<size_t>(t.bytes()));
  return out;
}

Tensor read_npy(const std::string& path, int64_t max_bytes) {
  std::vector<char> bytes = read_file(path, max_bytes);
  return parse_npy(bytes, path);
}

NamedTensors read_npz(const std::string& path, int64_t max_bytes) {
  ArchiveReader archive(path);
  NamedTensors out;
  std::string name;
  int64_t left = max_bytes;
  while (archive.next(name)) {
    std::vector<char> bytes = archive.read(left);
    left -= static_cast<int64_t>(bytes.size());
    Tensor t = parse_npy(bytes, path + "/" + printable(name));
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    for (const auto& [other, tensor] : out) require(other != name, Code::format, path, ": two arrays named '", printable(name), "'");
    out.emplace_back(name, std::move(t));
  }
  return out;
}

}  // namespace mo::data
